/** Passkeys in forms: one marked data-passkey asks the device and sends its answer on like any other field. */
(() => {
  const key = globalThis.PublicKeyCredential;
  if (!key?.parseRequestOptionsFromJSON || !key.parseCreationOptionsFromJSON) return;

  /** A prompt that waits in the address field, until a button asks for another. */
  let waiting = new AbortController();

  const ask = async (form, more) => {
    const reply = await fetch(form.dataset.options, {
      method: "POST",
      body: new URLSearchParams({ csrf_token: form.elements.csrf_token?.value ?? "" }),
    });
    if (!reply.ok) throw new Error(`options: ${reply.status}`);
    const options = await reply.json();
    const made =
      form.dataset.passkey === "create"
        ? await navigator.credentials.create({
            publicKey: key.parseCreationOptionsFromJSON(options),
          })
        : await navigator.credentials.get({
            publicKey: key.parseRequestOptionsFromJSON(options),
            ...more,
          });
    const { id, response } = made.toJSON();
    const answer =
      form.dataset.passkey === "create"
        ? {
            id,
            client_data_json: response.clientDataJSON,
            attestation_object: response.attestationObject,
            transports: response.transports,
          }
        : {
            id,
            client_data_json: response.clientDataJSON,
            authenticator_data: response.authenticatorData,
            signature: response.signature,
          };
    form.elements.answer.value = JSON.stringify(answer);
    // Unlike a click, this asks nobody again.
    form.submit();
  };

  const pressed = async (form) => {
    waiting.abort();
    waiting = new AbortController();
    const said = form.querySelector("[role=status]");
    said.textContent = "";
    try {
      await ask(form, {});
    } catch {
      said.textContent = form.dataset.failed;
    }
  };

  const offerInField = async (form) => {
    if (!(await key.isConditionalMediationAvailable?.())) return;
    await ask(form, { mediation: "conditional", signal: waiting.signal });
  };

  for (const form of document.querySelectorAll("form[data-passkey]")) {
    form.hidden = false;
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      void pressed(form);
    });
    if (form.dataset.inField !== undefined) offerInField(form).catch(() => {});
  }
})();

// A module: its names are its own.
// oxlint-disable-next-line unicorn/require-module-specifiers
export {};
