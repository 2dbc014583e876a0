// How many documents tt-verify checks in a second of the processor (`peers.py`): `node peer_ttverify.mjs`, offline.
// `NODE_PATH` has `@tradetrust-tt/tt-verify`. Of a wrapped OpenAttestation v2 document the digest alone is checked:
// no signature, and no chain, for which a node would be asked.
import { createRequire } from "node:module";

const require = createRequire(import.meta.url); // which, unlike `import`, looks in NODE_PATH
const { isValid, openAttestationHash, verificationBuilder } = require("@tradetrust-tt/tt-verify");
const { wrapDocument } = require("@tradetrust-tt/tradetrust");
const { providers } = require("ethers");

const WARM_SECONDS = 1; // until its code is compiled
const SECONDS = 3;

// Named, so that none is made anew, with a warning, for each document; a digest asks no node.
const provider = new providers.StaticJsonRpcProvider("http://127.0.0.1", "homestead");
const verify = verificationBuilder([openAttestationHash], { provider });
const whole = async (document) => isValid(await verify(document), ["DOCUMENT_INTEGRITY"]);

/** About 1.1 kB of JSON, which a document store would name as issued. */
function wrapped() {
  const identityProof = { type: "DNS-TXT", location: "bench.example" };
  return JSON.stringify(
    wrapDocument({
      id: "1",
      $template: { name: "certificate", type: "EMBEDDED_RENDERER", url: "https://bench.example" },
      issuers: [{ name: "bench", documentStore: "0x" + "00".repeat(20), identityProof }],
      issuedOn: "2026-12-01T00:00:00+08:00",
      recipient: { name: "bench", right: "holding" },
    }),
  );
}

/** Documents in a second of the processor, all threads of the process together; each is parsed anew, as a file is. */
async function rate(text, seconds) {
  const begin = process.cpuUsage();
  for (let count = 0; ; count++) {
    const { user, system } = process.cpuUsage(begin);
    const taken = (user + system) / 1e6;
    if (taken >= seconds) return count / taken;
    if (!(await whole(JSON.parse(text)))) throw "refuses what it wrapped";
  }
}

/** Prints the rate. */
async function main() {
  const text = wrapped();
  const altered = JSON.parse(text);
  altered.data.recipient.right += "s";
  if (await whole(altered)) throw "lets an altered document pass";
  await rate(text, WARM_SECONDS);
  console.log(JSON.stringify(await rate(text, SECONDS)));
}

main().catch((failed) => {
  console.error(failed);
  process.exit(1);
});
