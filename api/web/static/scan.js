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
  let stream = null;

  const stop = () => {
    if (stream) stream.getTracks().forEach((track) => track.stop());
    stream = video.srcObject = null;
    video.hidden = true;
    said.textContent = "";
  };
  const take = (text) => {
    stop();
    // A receipt goes the way of a scanned address (receipt.js), which leaves nothing in the history.
    const fragment = text.indexOf("#");
    if (field.id === "receipt" && fragment >= 0) return location.replace(text.slice(fragment));
    field.value = text;
    field.form.requestSubmit();
  };
  const look = async () => {
    if (!stream) return;
    const texts = (await detector.detect(video).catch(() => [])).map((found) => found.rawValue.trim());
    const text = texts.find((one) => ours.test(one));
    if (text && stream) return take(text);
    if (texts.length) said.textContent = said.dataset.other;
    setTimeout(look, 200);
  };

  button.addEventListener("click", async () => {
    if (stream) return stop();
    try {
      stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
    } catch {
      said.textContent = said.dataset.denied;
      return;
    }
    video.srcObject = stream;
    video.hidden = false;
    said.textContent = said.dataset.looking;
    await video.play();
    look();
  });
  addEventListener("pagehide", stop);
  box.hidden = false;
})();
