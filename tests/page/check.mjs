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
    // What is folded is read too.
    await page.evaluate(() => document.querySelectorAll("details").forEach((d) => (d.open = true)));
    for (const what of await page.evaluate(sorting)) fault(`${view.name}: ${what}`);
    const opened = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    if (opened > 0) fault(`${view.name}: unfolded, the page is ${opened} px wider than the screen`);
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

/** In the page: tables of utterances sort by a column, numbers as numbers, and show what is asked for. */
function sorting() {
  const found = [];
  for (const table of document.querySelectorAll("table.sortable")) {
    const heads = [...table.tHead.rows[0].cells];
    const at = (name) => heads.findIndex((h) => h.textContent === name);
    const [p, right, tests, flips] = ["p", "right", "tests", "flips"].map(at);
    const rows = () => [...table.tBodies[0].rows];
    const count = rows().length;
    for (const [order, sign] of [["ascending", 1], ["descending", -1]]) {
      heads[p].querySelector("button").click();
      const values = rows().map((row) => Number(row.cells[p].textContent));
      if (heads[p].getAttribute("aria-sort") !== order) found.push(`a table is not marked as ${order}`);
      if (values.some((v, i) => i > 0 && sign * (v - values[i - 1]) < 0)) found.push(`a table is not ${order}`);
    }
    const controls = table.closest("details").querySelector(".controls");
    const [select, search] = [controls.querySelector("select"), controls.querySelector("input")];
    const shown = () => rows().filter((row) => row.getClientRects().length > 0);
    const choose = (index) => {
      select.selectedIndex = index;
      select.dispatchEvent(new Event("change"));
      return shown();
    };
    const number = (row, cell) => Number(row.cells[cell].textContent);
    const wrong = rows().filter((row) => number(row, right) < number(row, tests)).length;
    if (choose(1).length !== wrong) found.push(`${shown().length} rows are not always right, expected ${wrong}`);
    const flipping = rows().filter((row) => row.cells[flips].textContent === "yes").length;
    if (choose(2).length !== flipping) found.push(`${shown().length} rows flip, expected ${flipping}`);
    choose(0);
    search.value = rows()[0].cells[0].textContent.toUpperCase();
    search.dispatchEvent(new Event("input"));
    if (!shown().includes(rows()[0]) || shown().length === count) found.push("a search shows something else");
    search.value = "";
    search.dispatchEvent(new Event("input"));
    if (shown().length !== count) found.push(`${shown().length} of ${count} rows after a search`);
    // All rows are made alike, and axe needs minutes for thousands of cells.
    rows().slice(5).forEach((row) => row.remove());
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
