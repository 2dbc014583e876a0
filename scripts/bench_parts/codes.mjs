// Reads QR codes with jsQR or @zxing/library: `node codes.mjs jsqr|zxing FILE.png …`; a JSON list of texts.
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";

const require = createRequire((process.env.NODE_PATH || ".") + "/");
const [reader, ...files] = process.argv.slice(2);
const { PNG } = require("pngjs");

const jsqr = () => {
  const read = require("jsqr");
  return ({ data, width, height }) => (read.default || read)(new Uint8ClampedArray(data), width, height)?.data ?? null;
};

const zxing = () => {
  const z = require("@zxing/library");
  const hints = new Map([[z.DecodeHintType.TRY_HARDER, true]]);
  return ({ data, width, height }) => {
    const grey = new Uint8ClampedArray(width * height).map((_, at) => data[4 * at]);
    const seen = new z.BinaryBitmap(new z.HybridBinarizer(new z.RGBLuminanceSource(grey, width, height)));
    try {
      return new z.QRCodeReader().decode(seen, hints).getText();
    } catch {
      return null;
    }
  };
};

const read = { jsqr, zxing }[reader]();
console.log(JSON.stringify(files.map((file) => read(PNG.sync.read(readFileSync(file))))));
