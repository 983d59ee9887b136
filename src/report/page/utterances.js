for (const table of document.querySelectorAll("table.sortable")) {
  const body = table.tBodies[0];
  const rows = [...body.rows];
  const heads = [...table.tHead.rows[0].cells];
  const column = (name) => heads.findIndex((head) => head.textContent === name);
  const [right, tests, flips] = ["right", "tests", "flips"].map(column);
  const text = (row, at) => row.cells[at].textContent;
  heads.forEach((head, at) => {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = head.textContent;
    head.replaceChildren(button);
    button.addEventListener("click", () => {
      const order = head.ariaSort === "ascending" ? "descending" : "ascending";
      heads.forEach((other) => other.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", order);
      const sign = order === "ascending" ? 1 : -1;
      rows.sort((a, b) => {
        const [x, y] = [text(a, at), text(b, at)];
        return sign * (isNaN(x - y) ? x.localeCompare(y) : x - y);
      });
      body.append(...rows);
    });
  });
  const controls = document.createElement("p");
  controls.className = "controls";
  controls.innerHTML =
    '<label>show <select><option>all<option>not always right<option>flips</select></label> <label>with <input type="search"></label> <output></output>';
  const [select, search, output] = ["select", "input", "output"].map((name) => controls.querySelector(name));
  const filter = () => {
    const keeps = [() => true, (row) => +text(row, right) < +text(row, tests), (row) => text(row, flips) !== ""];
    const kept = keeps[select.selectedIndex];
    const word = search.value.toLowerCase();
    for (const row of rows) row.hidden = !kept(row) || !row.textContent.toLowerCase().includes(word);
    output.textContent = `${rows.filter((row) => !row.hidden).length} of ${rows.length}`;
  };
  select.addEventListener("change", filter);
  search.addEventListener("input", filter);
  table.parentElement.before(controls);
  filter();
}
