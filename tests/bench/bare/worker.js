// The least an extension does with a paused request: what Chromium itself costs, beside which the real one is measured.
const HOST = "so.ledger.bench";
// As long as a payment's frame in the real channel.
const MESSAGE = { text: "x".repeat(1_200) };

let answering = false;
let port;
let answered;

function paused({ tabId }, { requestId, request }) {
  if (!answering || !request.hasPostData) return chrome.debugger.sendCommand({ tabId }, "Fetch.continueRequest", { requestId });
  answered = () =>
    chrome.debugger.sendCommand({ tabId }, "Fetch.fulfillRequest", {
      requestId,
      responseCode: 200,
      responseHeaders: [{ name: "content-type", value: "application/json" }],
      body: btoa('{"paid": true}'),
    });
  port.postMessage(MESSAGE);
}

chrome.debugger.onEvent.addListener((target, method, parameters) => method === "Fetch.requestPaused" && void paused(target, parameters));

/** Pause what the tab at `url` sends and let it go on. */
self.pause = async (url) => {
  answering = false;
  const { tabId } = (await chrome.debugger.getTargets()).find((target) => target.type === "page" && target.url === url);
  await chrome.debugger.attach({ tabId }, "1.3");
  await chrome.debugger.sendCommand({ tabId }, "Fetch.enable", { patterns: [{ urlPattern: "*" }] });
  return tabId;
};

/** From now on, answer it after a message went to a native host and came back. */
self.answer = () => {
  answering = true;
  if (port) return;
  port = chrome.runtime.connectNative(HOST);
  port.onMessage.addListener(() => answered());
};

self.stop = (tabId) => chrome.debugger.detach({ tabId });
