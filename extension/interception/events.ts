/** The parts of the DevTools protocol (1.3, domains Fetch, Network, Page, Target) that interception reads. */

export interface PausedRequest {
  url: string;
  method: string;
  headers: Record<string, string>;
  postData?: string;
  hasPostData?: boolean;
  /** Base64; an entry without bytes is a file from the disk. */
  postDataEntries?: { bytes?: string }[];
}

export interface RequestPaused {
  requestId: string;
  request: PausedRequest;
  frameId: string;
  resourceType: string;
  networkId?: string;
}

export interface FrameTree {
  frame: { id: string; url: string; securityOrigin: string };
  childFrames?: FrameTree[];
}

export interface TargetInfo {
  targetId: string;
  type: string;
  url: string;
}

export interface Cookie {
  name: string;
  value: string;
  partitionKey?: unknown;
}
