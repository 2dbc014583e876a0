// Reads a code with the camera where the browser itself can (BarcodeDetector). Pictures stay on the device.
// Without this script, or without such a browser, the page works the same: a photo is uploaded, or text pasted.
(async () => {
  "use strict";
  const box = document.getElementById("scan");
  if (!box || !("BarcodeDetector" in window) || !navigator.mediaDevices) return;
  if (!(await BarcodeDetector.getSupportedFormats()).includes("qr_code")) return;
  const [button, video, said] = ["button", "video", "[role=status]"].map((one) => box.querySelector(one));
  const field = document.getElementById(box.dataset.field);
  const ours = new RegExp(`^https?://[^/]+/[${box.dataset.kinds}][/#]`, "i");
  const detector = new BarcodeDetector({ formats: ["qr_code"] });
  const start = button.textContent;
  const reasons = { NotAllowedError: "denied", NotFoundError: "none", OverconstrainedError: "none" };
  let on = false; // from the press of the button, while it is asked for the camera too
  let turn = 0; // each start and each end is a new one: what was awaited in an old one is dropped
  let stream = null;

  const end = (one) => one && one.getTracks().forEach((track) => track.stop());
  const stop = (why) => {
    turn += 1;
    on = false;
    end(stream);
    stream = video.srcObject = null;
    video.hidden = true;
    button.textContent = start;
    said.textContent = why || "";
  };
  const take = (text) => {
    stop();
    // A receipt goes the way of a scanned address (receipt.js), which leaves nothing in the history.
    const fragment = text.indexOf("#");
    if (field.id === "receipt" && fragment >= 0) return location.replace(text.slice(fragment));
    field.value = text;
    field.form.requestSubmit();
  };
  const look = async (mine) => {
    const texts = (await detector.detect(video).catch(() => [])).map((found) => found.rawValue.trim());
    if (mine !== turn) return;
    // Of a paper's two codes the larger proves what it says (S6.11).
    const [text] = texts.filter((one) => ours.test(one)).sort((one, two) => two.length - one.length);
    if (text) return take(text);
    if (texts.length) said.textContent = said.dataset.other;
    setTimeout(look, 200, mine);
  };

  button.addEventListener("click", async () => {
    if (on) return stop();
    const mine = (turn += 1);
    on = true;
    button.textContent = button.dataset.stop;
    said.textContent = "";
    try {
      const found = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
      if (mine !== turn) return end(found);
      stream = found;
      found.getTracks().forEach((track) => track.addEventListener("ended", () => stop(said.dataset.busy)));
      video.srcObject = found;
      video.hidden = false;
      said.textContent = said.dataset.looking;
      await video.play();
    } catch (error) {
      if (mine === turn) stop(said.dataset[reasons[error.name] || "busy"]);
      return;
    }
    look(mine);
  });
  // Nobody is filmed by a page that they left, or that lies behind another.
  addEventListener("pagehide", () => stop());
  document.addEventListener("visibilitychange", () => document.hidden && stop());
  box.hidden = false;
})();
