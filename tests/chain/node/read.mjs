// Reads everything a foreign client would, and sends one transaction of its own; prints JSON.
import { Contract, JsonRpcProvider, Wallet, toBeHex, toQuantity } from "ethers";

const { url, contract, abi, key, block, recipient } = JSON.parse(process.argv[2]);
// Its own cache would answer for the node within a quarter of a second.
const provider = new JsonRpcProvider(url, undefined, { cacheTimeout: -1 });
const anchor = new Contract(contract, abi, provider);

const network = await provider.getNetwork();
const sealed = await provider.getBlock(block, true);
const receipt = await provider.getTransactionReceipt(sealed.transactions[0]);
const events = await anchor.queryFilter(anchor.filters.Anchored(), 0, "latest");
let refused = null;
try {
  await anchor.anchor.staticCall(5, "0x" + "11".repeat(32), []);
} catch (error) {
  refused = { code: error.code, name: error.revert?.name, signature: error.revert?.signature };
}
const latest = await anchor.latest();
const before = await anchor.latest({ blockTag: 0 }).catch((error) => error.code);
const wallet = new Wallet(key, provider);
const sent = await wallet.sendTransaction({ to: recipient, value: 5n });
const mined = await sent.wait();

console.log(JSON.stringify({
  chainId: network.chainId.toString(),
  number: sealed.number,
  hash: sealed.hash,
  parentHash: sealed.parentHash,
  timestamp: sealed.timestamp,
  extraData: sealed.extraData,
  from: sealed.prefetchedTransactions[0].from,
  status: receipt.status,
  gasUsed: receipt.gasUsed.toString(),
  logs: receipt.logs.length,
  event: { size: events[0].args.size.toString(), root: events[0].args.root, block: events[0].blockNumber },
  refused,
  latest: { size: latest.size.toString(), root: latest.root },
  before,
  code: (await provider.getCode(contract)).length,
  storage: await provider.getStorage(contract, 0),
  balance: (await provider.getBalance(recipient)).toString(),
  nonce: await provider.getTransactionCount(wallet.address, "pending"),
  mined: { status: mined.status, block: mined.blockNumber, hash: mined.hash },
  proof: await provider.send("eth_getProof", [contract, ["0x0", toBeHex(77, 32)], toQuantity(block)]),
}));
provider.destroy();
