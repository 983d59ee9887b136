for (const figure of document.querySelectorAll("figure:has(.mark)")) {
  const marks = [...figure.querySelectorAll(".mark")];
  const output = figure.querySelector("output");
  let at = -1;
  const show = (index) => {
    if (at >= 0) marks[at].classList.remove("shown");
    at = index;
    marks[at].classList.add("shown");
    output.textContent = marks[at].querySelector("title").textContent;
  };
  marks.forEach((mark, index) => {
    mark.addEventListener("pointerenter", () => show(index));
    mark.addEventListener("click", () => show(index));
  });
  figure.querySelector(".scroll").addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    show((at + step + marks.length) % marks.length);
  });
}
