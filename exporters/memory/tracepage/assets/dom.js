// Elements and texts. Everything that came from a span is set as text, never as markup.

export const $ = (id) => document.getElementById(id);

export function make(tag, className, ...children) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

export function button(label, act, title) {
  const element = make("button", "", label);
  element.type = "button";
  if (title) { element.title = title; element.setAttribute("aria-label", title); }
  element.addEventListener("click", act);
  return element;
}

const units = [[31536000e9, "y"], [86400e9, "d"], [3600e9, "h"], [60e9, "min"], [1e9, "s"], [1e6, "ms"], [1e3, "µs"]];

export function duration(ns) {
  for (const [size, unit] of units) if (ns >= size) return `${(+(ns / size).toPrecision(3)).toLocaleString("en")} ${unit}`;
  return `${Math.round(ns)} ns`;
}

export const plural = (n, noun) => `${n.toLocaleString("en")} ${noun}${n === 1 ? "" : "s"}`;

export function clock(iso) {
  const at = new Date(iso);
  return isNaN(at) ? iso : at.toLocaleTimeString("en-GB");
}

// The hue depends on the name alone, so that a service has one colour in all traces and programs.
const hues = new Map();
export function hue(service) {
  if (hues.has(service)) return hues.get(service);
  let hash = 2166136261;
  for (const character of service) hash = Math.imul(hash ^ character.codePointAt(0), 16777619) >>> 0;
  hues.set(service, (hash % 24) * 15);
  return hues.get(service);
}

export function colour(element, service) {
  element.style.setProperty("--hue", hue(service));
  return element;
}

export function serviceName(service) {
  return make("span", "service", colour(make("i", "dot"), service), make("bdi", "", service || "unknown"));
}

// legend lists the services in order of the number of their spans.
export function legend(services) {
  const counts = new Map();
  for (const service of services) counts.set(service, (counts.get(service) ?? 0) + 1);
  const most = [...counts].sort((a, b) => b[1] - a[1]);
  const list = make("ul", "legend", ...most.slice(0, 12).map(([service]) => make("li", "", serviceName(service))));
  if (most.length > 12) list.append(make("li", "soft", `${most.length - 12} more`));
  list.setAttribute("aria-label", "services");
  return list;
}

export async function copy(text, trigger) {
  const label = trigger.textContent;
  try {
    await navigator.clipboard.writeText(text);
    trigger.textContent = "copied";
  } catch { // without the permission, or on plain HTTP outside localhost
    window.prompt("Copy:", text);
  }
  setTimeout(() => { trigger.textContent = label; }, 1500);
}

export async function ask(query) {
  const response = await fetch("?" + new URLSearchParams(query), { cache: "no-store" });
  const body = await response.json();
  if (!response.ok) throw new Error(body.error);
  return body;
}
