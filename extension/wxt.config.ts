import { defineConfig } from "wxt";

// Only the public half exists: it fixes the extension's id (extension-id.txt), it signs nothing.
const PUBLIC_KEY =
  "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAjKZA/D3htGmjyHowP6Xa7kTy2D3t/ylRxsUhhdTAXA93/tT8GTYsr5bFzci6oeGFOz4xnfY6izoap8xqDuBUedkIMO18h5J/d4Tvx6/5imDjl5jJX1uplQUyVF8bb6kWB9r1hNsNNBzLcBxg1i8zeGvrTPwx4T0KxFOoirGmWIOPEktkwNdRxujRAvVpyEJirx+J0fR01ADhnZNhTzA4ww6cNdPP3w49Trd/bweDz37pvAceBq1IXW75AfrRm81N/7GjJE0g94EIMyJbemkpRnlRgRO7Vhv6LRySmsQEQB4R1jCedlFMqC/NDcjqT57x/GBGM67ETc0H4VmYH9WRBQIDAQAB";

export default defineConfig({
  imports: false,
  manifestVersion: 3,
  // The stylesheet with the shared tokens lies beside the Python pages.
  vite: () => ({ server: { fs: { allow: [".."] } }, build: { sourcemap: false, modulePreload: false } }),
  manifest: {
    name: "LedgerOS",
    description: "Shows you what an agent wants to pay, and fills the checkout after you approve.",
    key: PUBLIC_KEY,
    minimum_chrome_version: "137",
    incognito: "not_allowed",
    permissions: ["nativeMessaging", "scripting", "storage", "webNavigation", "webRequest", "cookies", "alarms", "notifications", "debugger"],
    // The schemes of WebSockets: see interception/sockets.ts.
    host_permissions: ["https://*/*", "wss://*/*", ...["http", "ws"].flatMap((scheme) => ["127.0.0.1", "localhost", "*.localhost"].map((host) => `${scheme}://${host}/*`))],
    content_security_policy: {
      extension_pages:
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'none'; object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    },
    icons: { 16: "icons/16.png", 48: "icons/48.png", 128: "icons/128.png" },
    action: { default_title: "LedgerOS", default_icon: { 16: "icons/16.png", 48: "icons/48.png" } },
  },
});
