/** Everything our own pages show, put together at every change. */
import { readPins } from "../keys/pins";
import { readSettings } from "../keys/settings";
import { unb64u } from "../protocol/canonical";
import type { Status } from "../protocol/messages";
import { keyId } from "../protocol/sealing";
import { unseen } from "../release/alarm";
import { paidAt, readHistory } from "../release/history";
import { viewOf } from "../release/view";
import { readRestrictions } from "../rules/regret";
import type { About, AppState, PublicKey } from "../ui/wire";
import type { Parts } from "./handlers";

export async function stateOf({ device, connection, releases, standing }: Parts, status: Status | null): Promise<AppState> {
  const [pins, history, restrictions, { unattended }, alarms] = await Promise.all([
    readPins(),
    readHistory(),
    readRestrictions(),
    readSettings(),
    unseen(status),
    releases.loaded,
  ]);
  const { broker, issuer, passkeys } = pins;
  const { signingKey, sealingKey } = await device;
  const about: About = {
    version: chrome.runtime.getManifest().version,
    extensionId: chrome.runtime.id,
    deviceId: issuer?.deviceId ?? null,
    brokerId: broker?.id ?? null,
    signingKey: await named(signingKey),
    sealingKey: await named(sealingKey),
    brokerKey: broker && (await named(broker.key)),
    issuerKey: issuer && (await named(issuer.issuerKey)),
  };
  return {
    channel: connection.state,
    issuerReachable: connection.state.kind === "online" && status ? status.issuerReachable : null,
    alarms,
    broker: broker && { id: broker.id, pairedAt: broker.pairedAt },
    issuer,
    passkeys: await Promise.all(
      passkeys.map(async ({ credentialId, createdAt, publicKey }) => ({ credentialId, createdAt, key: publicKey ? await named(publicKey) : null })),
    ),
    requests: releases.current().map((release) => viewOf(release, paidAt(history))),
    history,
    restrictions,
    grants: standing.grants,
    unattended,
    about,
  };
}

async function named(key: string): Promise<PublicKey> {
  return { id: await keyId(unb64u(key)), whole: key };
}
