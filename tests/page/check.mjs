// Opens pages in headless Chromium and fails on what a reader would stumble over.
// usage: node check.mjs [--shots DIR] PAGE.html...      (chromium on the PATH, or its path in CHROMIUM)
import { readFileSync, mkdirSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, dirname, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { HtmlValidate } from "html-validate";
import puppeteer from "puppeteer-core";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const validator = new HtmlValidate({
  extends: ["html-validate:recommended"],
  // `output` and `group` are meant; an empty heading cell or a long title is no fault of the HTML.
  rules: { "no-inline-style": "off", "long-title": "off", "prefer-native-element": "off" },
});
const views = [
  { name: "desktop", width: 1280, height: 900, scheme: "light" },
  { name: "dark", width: 1280, height: 900, scheme: "dark" },
  { name: "phone", width: 390, height: 844, scheme: "light" },
];

const args = process.argv.slice(2);
const shots = args[0] === "--shots" ? args.splice(0, 2)[1] : null;
const browser = await puppeteer.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--force-color-profile=srgb"],
});
let faults = 0;
for (const file of args) {
  const fault = (what) => {
    faults += 1;
    console.log(`${file}: ${what}`);
  };
  for (const result of (await validator.validateFile(file)).results) {
    for (const m of result.messages) fault(`line ${m.line}: ${m.ruleId}: ${m.message}`);
  }
  for (const view of views) {
    const page = await browser.newPage();
    const url = pathToFileURL(resolve(file)).href;
    page.on("request", (r) => {
      if (r.url() !== url && !r.url().startsWith("data:")) fault(`${view.name}: asks for ${r.url()}`);
    });
    page.on("pageerror", (e) => fault(`${view.name}: ${e.message}`));
    await page.setViewport({ width: view.width, height: view.height });
    await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: view.scheme }]);
    await page.goto(url);
    if (shots) {
      mkdirSync(shots, { recursive: true });
      const name = dirname(resolve(file)).split("/").slice(-2).join("-");
      await page.screenshot({ path: `${shots}/${name}-${view.name}.png`, fullPage: true });
    }
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    if (wide > 0) fault(`${view.name}: the page is ${wide} px wider than the screen`);
    for (const what of await page.evaluate(drawings)) fault(`${view.name}: ${what}`);
    for (const what of await hover(page)) fault(`${view.name}: ${what}`);
    await page.evaluate(axe);
    const { violations } = await page.evaluate(() => window.axe.run());
    for (const v of violations) {
      const where = v.nodes.map((n) => n.target.join(" ")).slice(0, 3).join(", ");
      if (["serious", "critical"].includes(v.impact)) fault(`${view.name}: axe ${v.id}: ${v.help}: ${where}`);
      else console.log(`${file}: note: ${view.name}: axe ${v.id} (${v.impact}): ${v.help}: ${where}`);
    }
    await page.close();
  }
  console.log(`${basename(dirname(resolve(file)))}: checked`);
}
await browser.close();
console.log(faults === 0 ? `no fault in ${args.length} pages` : `${faults} faults`);
process.exit(faults === 0 && args.length > 0 ? 0 : 1);

/** In the page: labels that leave their drawing or lie on each other. */
function drawings() {
  const found = [];
  for (const svg of document.querySelectorAll("figure svg")) {
    const frame = svg.getBoundingClientRect();
    const title = svg.closest("figure").previousElementSibling?.textContent;
    const boxes = [...svg.querySelectorAll("text")]
      .map((t) => ({ text: t.textContent.trim(), box: t.getBoundingClientRect() }))
      .filter((t) => t.text !== "");
    for (const { text, box } of boxes) {
      const out = Math.max(frame.left - box.left, box.right - frame.right, frame.top - box.top, box.bottom - frame.bottom);
      if (out > 1) found.push(`${title}: "${text}" is cut by ${out.toFixed(0)} px`);
    }
    boxes.forEach((a, i) => {
      for (const b of boxes.slice(i + 1)) {
        const across = Math.min(a.box.right, b.box.right) - Math.max(a.box.left, b.box.left);
        const down = Math.min(a.box.bottom, b.box.bottom) - Math.max(a.box.top, b.box.top);
        // The boxes of a font have air above and below its letters.
        if (across > 1 && down > 0.35 * Math.min(a.box.height, b.box.height)) {
          found.push(`${title}: "${a.text}" lies on "${b.text}"`);
        }
      }
    });
  }
  return found;
}

/** Points say what they are: by pointer and by the arrow keys. */
async function hover(page) {
  const found = [];
  for (const figure of await page.$$("figure:has(.mark)")) {
    const says = () => figure.$eval("output", (o) => o.textContent);
    const texts = await figure.$$eval(".mark title", (all) => all.map((t) => t.textContent));
    const mark = await figure.$(".mark");
    await mark.evaluate((m) => m.dispatchEvent(new PointerEvent("pointerenter")));
    if ((await says()) !== texts[0]) found.push(`pointing at a mark says "${await says()}"`);
    const scroll = await figure.$(".scroll");
    await scroll.focus();
    await page.keyboard.press("ArrowRight");
    if ((await says()) !== texts[1 % texts.length]) found.push(`the arrow key says "${await says()}"`);
  }
  return found;
}
