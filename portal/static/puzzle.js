/* Does the little work of a form that asks for it (data-puzzle, data-bits) before it is sent: counts
   until the SHA-256 of puzzle, words and count begins with enough zero bits. The hash is our own, as
   browsers have none on a page without TLS. Without this file the form works, with fewer tries. */
"use strict";

(() => {
  const K = new Uint32Array(64);
  const START = new Uint32Array(8);
  {
    let found = 0;
    for (let n = 2; found < 64; n += 1) {
      let prime = true;
      for (let d = 2; d * d <= n; d += 1) if (n % d === 0) { prime = false; break; }
      if (!prime) continue;
      const part = (x) => Math.floor((x - Math.floor(x)) * 4294967296);
      if (found < 8) START[found] = part(Math.sqrt(n));
      K[found] = part(Math.cbrt(n));
      found += 1;
    }
  }

  const turn = (x, n) => (x >>> n) | (x << (32 - n));

  /* The first 32 bits of the SHA-256 of bytes. */
  const firstWord = (bytes) => {
    const length = bytes.length;
    const padded = new Uint8Array(((length + 9 + 63) >> 6) << 6);
    padded.set(bytes);
    padded[length] = 0x80;
    const view = new DataView(padded.buffer);
    view.setUint32(padded.length - 4, length * 8);
    const h = Uint32Array.from(START);
    const w = new Uint32Array(64);
    for (let at = 0; at < padded.length; at += 64) {
      for (let i = 0; i < 16; i += 1) w[i] = view.getUint32(at + 4 * i);
      for (let i = 16; i < 64; i += 1) {
        const a = w[i - 15];
        const b = w[i - 2];
        w[i] = w[i - 16] + (turn(a, 7) ^ turn(a, 18) ^ (a >>> 3)) + w[i - 7] + (turn(b, 17) ^ turn(b, 19) ^ (b >>> 10));
      }
      let [a, b, c, d, e, f, g, last] = h;
      for (let i = 0; i < 64; i += 1) {
        const one = (last + (turn(e, 6) ^ turn(e, 11) ^ turn(e, 25)) + ((e & f) ^ (~e & g)) + K[i] + w[i]) | 0;
        const two = ((turn(a, 2) ^ turn(a, 13) ^ turn(a, 22)) + ((a & b) ^ (a & c) ^ (b & c))) | 0;
        last = g; g = f; f = e; e = (d + one) | 0; d = c; c = b; b = a; a = (one + two) | 0;
      }
      [a, b, c, d, e, f, g, last].forEach((value, i) => { h[i] += value; });
    }
    return h[0];
  };

  const encoder = new TextEncoder();

  /* Counts in short turns, so that the page stays alive. */
  const solve = (text, bits, done) => {
    let count = 0;
    const round = () => {
      for (const end = count + 4000; count < end; count += 1) {
        if (firstWord(encoder.encode(`${text}\n${count}`)) >>> (32 - bits) === 0) {
          done(String(count));
          return;
        }
      }
      setTimeout(round);
    };
    round();
  };

  for (const form of document.querySelectorAll("form[data-puzzle]")) {
    form.addEventListener("submit", (event) => {
      if (form.dataset.solved) return;
      event.preventDefault();
      const words = form.dataset.words.split(" ").map((name) => form.elements[name].value).join("\n");
      form.querySelector("[type=submit]").disabled = true;
      solve(`${form.dataset.puzzle}\n${words}`, Number(form.dataset.bits), (answer) => {
        form.elements.answer.value = answer;
        form.dataset.solved = "yes";
        form.submit();
      });
    });
  }
})();
