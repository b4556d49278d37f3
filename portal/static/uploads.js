/* Sends the file of a form in parts before the form itself, and goes on where it stopped: after a
   broken connection, a reload, or a restart of the server. Without this file the form sends the
   file whole. Words come from data attributes of the form. */
"use strict";

(() => {
  const PART = 8 * 1024 * 1024;
  const HASHED = 256 * 1024 * 1024;
  const PATIENCE = [500, 1000, 2000, 4000, 8000];

  const wait = (ms) => new Promise((done) => setTimeout(done, ms));

  const hashOf = async (file) => {
    // Without a secure context there is no digest; the server still proves the image's header.
    if (!globalThis.crypto?.subtle || file.size > HASHED) return null;
    const digest = await crypto.subtle.digest("SHA-256", await file.arrayBuffer());
    return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  };

  const remembered = (file) => `upload ${file.name} ${file.size} ${file.lastModified}`;

  const memory = {
    get: (name) => { try { return localStorage.getItem(name); } catch { return null; } },
    set: (name, id) => { try { localStorage.setItem(name, id); } catch { /* it just starts anew */ } },
    drop: (name) => { try { localStorage.removeItem(name); } catch { /* nothing was kept */ } },
  };

  class Refused extends Error {}

  const attach = (form) => {
    const input = form.querySelector("input[type=file][name=file]");
    const named = form.querySelector("input[name=upload]");
    const box = form.querySelector("[data-progress]");
    const bar = box.querySelector("progress");
    const line = box.querySelector("span");
    const button = form.querySelector("button[type=submit]");
    const token = form.querySelector("input[name=csrf_token]").value;

    const call = async (method, address, headers, body) => {
      const answer = await fetch(address, { method, body, headers: { "X-CSRFToken": token, ...headers } });
      if (answer.status >= 500) throw new Error(String(answer.status));
      return answer;
    };

    const show = (sent, size) => {
      box.hidden = false;
      bar.max = size;
      bar.value = sent;
      line.textContent = `${form.dataset.sent}: ${Math.floor((sent / size) * 100)} %`;
    };

    const begin = async (file) => {
      const name = remembered(file);
      const known = memory.get(name);
      if (known) {
        const state = await call("GET", `${form.dataset.upload}/${known}`, {});
        if (state.ok) return state.json();
        memory.drop(name);
      }
      const said = JSON.stringify({ file_name: file.name, size: file.size, sha256: await hashOf(file) });
      const answer = await call("POST", form.dataset.upload, { "Content-Type": "application/json" }, said);
      const upload = await answer.json();
      if (!answer.ok) throw new Refused(upload.title);
      memory.set(name, upload.id);
      return upload;
    };

    const send = async (file) => {
      const upload = await begin(file);
      let { offset } = upload;
      let failures = 0;
      show(offset, file.size);
      while (offset < file.size) {
        try {
          const answer = await call(
            "PATCH", `${form.dataset.upload}/${upload.id}`,
            { "Content-Type": "application/octet-stream", "Upload-Offset": String(offset) },
            file.slice(offset, offset + PART),
          );
          const said = await answer.json();
          if (!answer.ok && said.offset === undefined && said.code !== "upload-busy") throw new Refused(said.title);
          if (said.code === "upload-busy") await wait(PATIENCE[1]);
          offset = said.offset ?? offset;
          failures = 0;
          show(offset, file.size);
        } catch (fault) {
          if (fault instanceof Refused || failures >= PATIENCE.length) throw fault;
          await wait(PATIENCE[failures]);
          failures += 1;
        }
      }
      return upload.id;
    };

    form.addEventListener("submit", async (event) => {
      const [file] = input.files;
      if (!file || !file.size) return;
      event.preventDefault();
      button.disabled = true;
      try {
        named.value = await send(file);
        memory.drop(remembered(file));
        input.disabled = true;
        form.submit();
      } catch (fault) {
        box.hidden = false;
        line.textContent = fault instanceof Refused ? fault.message : form.dataset.broken;
        button.disabled = false;
      }
    });

    // Coming back to the page by the browser's button finds the form as it was left.
    addEventListener("pageshow", () => { input.disabled = false; button.disabled = false; });
  };

  document.querySelectorAll("form[data-upload]").forEach(attach);
})();
