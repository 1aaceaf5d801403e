// The controls of each kind of question. Each is a function that builds them for a question and calls `changed(answer)`
// with what the student has answered; all of them work by keyboard alone.

export function made(name, { text, ...attributes } = {}, ...children) {
  const one = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === true) one.setAttribute(key, "");
    else if (value !== false && value !== null && value !== undefined) one.setAttribute(key, value);
  }
  if (text !== undefined) one.textContent = text;
  one.append(...children);
  return one;
}

let groups = 0; // radios of one name exclude each other, and several attempts stand on one page
const NUMBER = /^[+-]?(\d+([.,]\d*)?|[.,]\d+|[1-9]\d{0,2}(,\d{3})+(\.\d+)?)(e[+-]?\d+)?$/i;

function choices(question, kind, texts, chosen, changed) {
  groups += 1;
  const name = `q${groups}`;
  const boxes = texts.map(({ id, text }) => {
    const box = made("input", { type: kind, name, value: id });
    box.checked = chosen.includes(id);
    box.addEventListener("change", () => changed(boxes.filter(one => one.checked).map(one => one.value)));
    return box;
  });
  return made("div", { class: "options" }, ...boxes.map((box, n) => made("label", { class: "option" }, box, made("span", { text: texts[n].text }))));
}

const kinds = {
  choice(question, changed) {
    const chosen = question.answer.id ? [question.answer.id] : [];
    return choices(question, "radio", question.content.options, chosen, ids => changed({ id: ids[0] }));
  },

  multiple(question, changed) {
    return choices(question, "checkbox", question.content.options, question.answer.ids ?? [], ids => changed({ ids }));
  },

  numeric(question, changed) {
    const field = made("input", { type: "text", inputmode: "decimal", maxlength: 40, autocomplete: "off", value: question.answer.value ?? "" });
    const fault = made("p", { class: "help", role: "status" });
    const typed = () => field.value.trim();
    const isNumber = () => !typed() || NUMBER.test(typed().replace("−", "-"));
    field.addEventListener("input", () => {
      if (isNumber()) fault.textContent = "";
      changed(typed() ? { value: typed() } : {});
    });
    field.addEventListener("change", () => { fault.textContent = isNumber() ? "" : "Enter a number only, such as 12.5."; });
    return made("div", {}, made("label", { class: "number" }, made("span", { text: "Your answer, a number" }), field), fault);
  },

  match(question, changed) {
    const pairs = { ...question.answer.pairs };
    const lines = question.content.prompts.map(prompt => {
      const select = made("select", {}, made("option", { value: "", text: "Choose" }),
        ...question.content.options.map(({ id, text }) => made("option", { value: id, text })));
      select.value = pairs[prompt.id] ?? "";
      select.addEventListener("change", () => {
        if (select.value) pairs[prompt.id] = select.value;
        else delete pairs[prompt.id];
        changed(Object.keys(pairs).length ? { pairs: { ...pairs } } : {});
      });
      return made("label", { class: "pair" }, made("span", { text: prompt.text }), select);
    });
    return made("div", { class: "options" }, ...lines);
  },

  order(question, changed) {
    const texts = new Map(question.content.options.map(({ id, text }) => [id, text]));
    const known = (question.answer.ids ?? []).filter(id => texts.has(id));
    let ids = known.length === texts.size ? known : [...texts.keys()];
    const list = made("ol", { class: "steps" });
    const said = made("p", { class: "unseen", role: "status" });
    function move(at, by) {
      const [step] = ids.splice(at, 1);
      ids.splice(at + by, 0, step);
      draw();
      const buttons = list.children[at + by].querySelectorAll("button");
      const same = buttons[by < 0 ? 0 : 1];
      (same.disabled ? buttons[by < 0 ? 1 : 0] : same).focus();
      said.textContent = `${texts.get(step)}: now ${at + by + 1} of ${ids.length}.`;
      changed({ ids: [...ids] });
    }
    function draw() {
      list.replaceChildren(...ids.map((id, at) => {
        const up = made("button", { type: "button", "aria-label": `Move up: ${texts.get(id)}`, disabled: at === 0, text: "↑" });
        const down = made("button", { type: "button", "aria-label": `Move down: ${texts.get(id)}`, disabled: at === ids.length - 1, text: "↓" });
        up.addEventListener("click", () => move(at, -1));
        down.addEventListener("click", () => move(at, 1));
        return made("li", {}, made("span", { text: texts.get(id) }), up, down);
      }));
    }
    draw();
    return made("div", {}, list, said);
  },

  hotspot(question, changed) {
    const picture = made("img", { src: question.image, alt: "The picture of this question. Its places are listed below." });
    const mark = made("span", { class: "mark", "aria-hidden": "true", hidden: true });
    const frame = made("div", { class: "picture" }, picture, mark);
    const list = choices(question, "radio", question.content.areas.map(({ id, label }) => ({ id, text: label })),
      question.answer.id ? [question.answer.id] : [], ids => { mark.hidden = true; changed({ id: ids[0] }); });
    function put(x, y) {
      mark.style.left = `${x}%`;
      mark.style.top = `${y}%`;
      mark.hidden = false;
    }
    if (question.answer.x !== undefined) put(question.answer.x, question.answer.y);
    picture.addEventListener("click", event => {
      if (list.querySelector("input").disabled) return;
      const box = picture.getBoundingClientRect();
      const x = Math.min(100, Math.max(0, ((event.clientX - box.left) / box.width) * 100));
      const y = Math.min(100, Math.max(0, ((event.clientY - box.top) / box.height) * 100));
      for (const one of list.querySelectorAll("input")) one.checked = false;
      put(x, y);
      changed({ x, y });
    });
    return made("div", {}, made("p", { class: "help", text: "Tap the place on the picture, or choose it by its name." }), frame, list);
  },
};

export function controls(question, changed) {
  return kinds[question.kind](question, changed);
}
