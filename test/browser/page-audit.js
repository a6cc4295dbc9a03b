/** Runs inside a page and gives what is wrong with it: width, contrast (WCAG 2.2, 1.4.3), names of controls, ids. */
(() => {
  const rgba = (color) => (color.match(/[\d.]+/g) ?? []).map(Number);
  const linear = (value) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4);
  const luminance = ([r, g, b]) =>
    0.2126 * linear(r / 255) + 0.7152 * linear(g / 255) + 0.0722 * linear(b / 255);
  const behind = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const color = rgba(getComputedStyle(at).backgroundColor);
      if (color.length === 3) return color;
    }
    return [255, 255, 255];
  };
  const contrast = (element) => {
    const a = luminance(rgba(getComputedStyle(element).color));
    const b = luminance(behind(element));
    return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
  };
  const all = (selector) => [...document.querySelectorAll(selector)];
  const show = (element) => element.outerHTML.slice(0, 120);

  const texts = all("body *").filter(
    (one) =>
      one.checkVisibility() &&
      [...one.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim()),
  );
  const ids = all("[id]").map((one) => one.id);
  const referred = all("[aria-labelledby], [aria-describedby]").flatMap((one) =>
    `${one.getAttribute("aria-labelledby") ?? ""} ${one.getAttribute("aria-describedby") ?? ""}`
      .split(" ")
      .filter(Boolean),
  );
  const wide = document.documentElement.scrollWidth - innerWidth;
  return {
    texts: texts.length,
    complaints: [
      ...(wide > 0 ? [`${wide} pixels too wide`] : []),
      ...texts
        .filter((one) => contrast(one) < 4.5)
        .map((one) => `contrast ${contrast(one).toFixed(2)}: ${show(one)}`),
      ...all("input:not([type=hidden]), select, textarea")
        .filter((one) => one.labels.length === 0)
        .map((one) => `no label: ${show(one)}`),
      ...all("button, a")
        .filter((one) => !one.textContent.trim())
        .map((one) => `no text: ${show(one)}`),
      ...all("iframe:not([title])").map((one) => `no title: ${show(one)}`),
      ...ids.filter((id, place) => ids.indexOf(id) !== place).map((id) => `id twice: ${id}`),
      ...referred.filter((id) => !ids.includes(id)).map((id) => `no such id: ${id}`),
    ],
  };
})();
