// Compiles src/ into artifacts. Usage: node build.js [OUTPUT_DIR]. The same input gives the same bytes anywhere:
// source names are relative, and neither addresses nor metadata hashes reach the output.
"use strict";
const fs = require("node:fs");
const path = require("node:path");
const solc = require("solc");

const HERE = __dirname;
const OPENZEPPELIN = "@openzeppelin/contracts/access/manager/AccessManager.sol";
const ARTIFACTS = {
  AccessManager: OPENZEPPELIN,
  CheckpointAnchor: "src/CheckpointAnchor.sol",
  RightsRegistry: "src/RightsRegistry.sol",
  ConsentRegistry: "src/ConsentRegistry.sol",
  Preservation: "src/Preservation.sol",
  Holders: "src/Holders.sol",
  RightsMoves: "src/RightsMoves.sol",
  Standing: "src/Standing.sol",
};
const HARNESSES = { Rfc9162Harness: "test/Rfc9162Harness.sol" };
const MAPPINGS = {
  "anchor.roots": ["CheckpointAnchor", "_roots"],
  "rights.records": ["RightsRegistry", "_records"],
  "rights.cases": ["RightsRegistry", "_cases"],
  "consent.withdrawals": ["ConsentRegistry", "_withdrawals"],
  "consent.receipts": ["ConsentRegistry", "_receipts"],
  "consent.opened": ["ConsentRegistry", "_opened"],
  "preservation.cases": ["Preservation", "_disputes"],
  "preservation.evidence": ["Preservation", "_evidence"],
  "preservation.parties": ["Preservation", "_parties"],
  "preservation.subjects": ["Preservation", "_subjects"],
  "holders.organisations": ["Holders", "_organisations"],
  "moves.licences": ["RightsMoves", "_licences"],
  "moves.given": ["RightsMoves", "_given"],
  "moves.lines": ["RightsMoves", "_lines"],
  "standing.remarks": ["Standing", "_remarks"],
  "standing.marks": ["Standing", "_marks"],
};
const SETTINGS = {
  evmVersion: "london",
  optimizer: { enabled: true, runs: 1000 },
  metadata: { bytecodeHash: "none", appendCBOR: false },
};

function readImport(name) {
  const root = name.startsWith("@") ? path.join(HERE, "node_modules") : HERE;
  try {
    return { contents: fs.readFileSync(path.join(root, name), "utf8") };
  } catch (error) {
    return { error: error.message };
  }
}

function compile(targets) {
  const outputs = ["abi", "evm.bytecode.object", "evm.deployedBytecode.object",
    "evm.deployedBytecode.immutableReferences", "storageLayout"];
  const input = {
    language: "Solidity",
    sources: Object.fromEntries(Object.values(targets).map((f) => [f, { content: readImport(f).contents }])),
    settings: { ...SETTINGS, outputSelection: { "*": { "*": outputs } } },
  };
  const output = JSON.parse(solc.compile(JSON.stringify(input), { import: readImport }));
  // A warning in our own sources fails the build as well.
  const faults = (output.errors || []).filter((e) => e.severity === "error" || e.sourceLocation?.file.startsWith("src/"));
  if (faults.length) {
    process.stderr.write(faults.map((e) => e.formattedMessage).join("\n"));
    process.exit(1);
  }
  return output.contracts;
}

// solc numbers types by AST id, which depends on what else was compiled: renumber in order of appearance.
const NUMBERED_TYPE = /(t_(?:struct|enum|contract|userDefinedValueType)\([^()]*\))(\d+)/g;

function stable(value) {
  const ids = new Map();
  const renumber = (id) => ids.get(id) ?? ids.set(id, String(ids.size + 1)).get(id);
  const walk = (node) => {
    if (typeof node === "string") return node.replace(NUMBERED_TYPE, (_, type, id) => type + renumber(id));
    if (Array.isArray(node)) return node.map(walk);
    if (node && typeof node === "object")
      return Object.fromEntries(Object.entries(node).filter(([k]) => k !== "astId").map(([k, v]) => [walk(k), walk(v)]));
    return node;
  };
  return walk(value);
}

function artifact(name, source, contract) {
  const references = Object.values(contract.evm.deployedBytecode.immutableReferences || {});
  return {
    name,
    source,
    compiler: { solc: solc.version(), settings: SETTINGS },
    abi: contract.abi,
    bytecode: contract.evm.bytecode.object,
    deployedBytecode: contract.evm.deployedBytecode.object,
    immutableReferences: references.flat().sort((a, b) => a.start - b.start),
    storageLayout: stable(contract.storageLayout),
  };
}

function write(directory, name, value) {
  fs.writeFileSync(path.join(directory, `${name}.json`), JSON.stringify(value, null, 1) + "\n");
}

function layout(contracts) {
  return Object.fromEntries(Object.entries(MAPPINGS).map(([key, [contract, label]]) => {
    const { storage } = contracts[ARTIFACTS[contract]][contract].storageLayout;
    return [key, Number(storage.find((item) => item.label === label).slot)];
  }));
}

function main() {
  const directory = path.resolve(process.argv[2] || path.join(HERE, "artifacts"));
  fs.mkdirSync(directory, { recursive: true });
  const targets = { ...ARTIFACTS, ...HARNESSES };
  const contracts = compile(targets);
  for (const [name, source] of Object.entries(targets)) {
    write(directory, name, artifact(name, source, contracts[source][name]));
  }
  write(directory, "layout", layout(contracts));
}

main();
