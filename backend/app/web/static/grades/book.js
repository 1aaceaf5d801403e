// The grade book by keyboard: a grid whose cells are typed over, pasted into, and saved whole or not at all.

const table = document.querySelector("[data-grade-book]");
const status = document.querySelector("[data-book-status]");
const faultBox = document.querySelector("[data-book-faults]");

if (table) {
  const rows = [...table.tBodies[0].rows].map((row) => [...row.querySelectorAll("[data-item]")]);
  const pending = new Map(); // cell -> what was typed, not saved yet
  const wrong = new Map(); // cell -> sentence
  let at = [0, 0];
  let editing = null; // { input, former, typed }
  let sending = null;

  const counted = (number, word) => `${number} ${word}${number === 1 ? "" : "s"}`;
  const cellAt = (row, column) => rows[row]?.[column];
  const place = (cell) => {
    const row = rows.findIndex((cells) => cells.includes(cell));
    return row < 0 ? null : [row, rows[row].indexOf(cell)];
  };
  const saved = (cell) => cell.dataset.saved ?? cell.textContent.trim();
  for (const cell of rows.flat()) cell.dataset.saved = cell.textContent.trim();

  function select(row, column) {
    const target = cellAt(row, column);
    if (!target) return false;
    cellAt(...at).tabIndex = -1;
    at = [row, column];
    target.tabIndex = 0;
    target.focus();
    target.scrollIntoView({ block: "nearest", inline: "nearest" });
    return true;
  }
  const move = (down, right) => select(at[0] + down, at[1] + right);

  function edit(text) {
    const cell = cellAt(...at);
    if (cell.getAttribute("aria-readonly") === "true") {
      say("This student’s final grade is approved and locked. Request a grade change from their final grade.");
      return;
    }
    const former = cell.textContent.trim();
    const input = document.createElement("input");
    input.maxLength = 40;
    input.autocomplete = "off";
    input.setAttribute("aria-label", labelOf(cell));
    input.value = text ?? former;
    cell.replaceChildren(input);
    editing = { cell, input, former, typed: text !== null };
    input.focus();
    if (text === null) input.select();
    input.addEventListener("blur", () => { if (editing?.input === input) commit(); });
  }
  function labelOf(cell) {
    const row = cell.parentElement;
    const heading = table.tHead.rows[0].cells[cell.cellIndex].firstChild.textContent.trim();
    return `${row.querySelector("a").textContent}, ${heading}`;
  }
  function close(text) {
    const { cell } = editing;
    editing = null;
    cell.textContent = text;
    return cell;
  }
  function commit() {
    const text = editing.input.value.trim();
    const cell = close(text);
    change([[cell, text]]);
  }
  function cancel() {
    close(editing.former).focus();
  }

  function change(values) {
    for (const [cell, text] of values) {
      cell.textContent = text;
      if (text === saved(cell) && !wrong.has(cell)) { pending.delete(cell); cell.classList.remove("unsaved"); continue; }
      pending.set(cell, text);
      cell.classList.add("unsaved");
    }
    save();
  }

  async function save() {
    if (sending || !pending.size) return;
    const sent = new Map(pending);
    say(sent.size === 1 ? "Saving…" : `Saving ${sent.size} cells…`);
    const cells = [...sent].map(([cell, text]) => ({
      item_id: Number(cell.dataset.item),
      enrollment_id: Number(cell.parentElement.dataset.enrollment),
      text,
      revision: Number(cell.dataset.revision),
    }));
    let again = false;
    try {
      sending = fetch(table.dataset.url, {
        method: "PUT",
        headers: { "Content-Type": "application/json", Accept: "application/json" },
        body: JSON.stringify({ cells }),
      });
      const answer = await sending;
      const found = await answer.json().catch(() => ({}));
      if (answer.ok) { accept(sent, found); again = pending.size > 0; }
      else again = refuse(answer.status, found);
    } catch {
      say("Not saved: the school’s system cannot be reached. What you typed stays here and is sent with your next change.");
    } finally {
      sending = null;
    }
    if (again) save();
  }
  // What was typed into these cells, or pasted over a locked one, gives way to what is saved; the others go out.
  function takeBack(chosen) {
    if (sending) return;
    for (const cell of chosen) {
      cell.textContent = saved(cell);
      pending.delete(cell);
      cell.classList.remove("unsaved");
      clear(cell);
    }
    showFaults();
    say("Undone.");
    save();
  }
  function find(one) {
    return table.querySelector(`tr[data-enrollment="${one.enrollment_id}"] [data-item="${one.item_id}"]`);
  }
  function accept(sent, found) {
    for (const one of found.cells) {
      const cell = find(one);
      cell.dataset.revision = one.revision;
      cell.dataset.saved = one.text;
      clear(cell);
      // Typed again while it was on its way: it goes out next.
      if (pending.get(cell) !== sent.get(cell)) continue;
      pending.delete(cell);
      cell.classList.remove("unsaved", "from-lesson");
      if (editing?.cell !== cell) cell.textContent = one.text;
    }
    for (const grade of found.grades) {
      const line = table.querySelector(`tr[data-enrollment="${grade.enrollment_id}"] [data-grade]`);
      line.textContent = grade.percent === null ? "–" : `${grade.letter} · ${Number(grade.percent).toFixed(2)}%`;
    }
    showFaults();
    say(sent.size === 1 ? "Saved." : `Saved ${sent.size} cells.`);
  }
  function refuse(code, found) {
    for (const cell of [...wrong.keys()]) clear(cell);
    const faults = found.faults ?? [];
    let replaced = 0;
    for (const one of faults) {
      const cell = find(one);
      if (!cell) continue;
      wrong.set(cell, one.sentence);
      cell.setAttribute("aria-invalid", "true");
      cell.title = one.sentence;
      if ("revision" in one) {
        // Somebody else was here: show what stands there now.
        replaced += 1;
        cell.dataset.revision = one.revision;
        cell.dataset.saved = one.text;
        // Also to who is typing there again: that was begun over what no longer stands there.
        if (editing?.cell === cell) close(one.text).focus();
        else cell.textContent = one.text;
        pending.delete(cell);
        cell.classList.remove("unsaved");
      }
    }
    showFaults();
    if (code === 401) say("Not saved: you are signed out. Sign in again in another tab; what you typed stays here.");
    else say(found.detail ?? "Not saved. What you typed stays here; try again.");
    return faults.length > 0 && replaced === faults.length && pending.size > 0;
  }
  function clear(cell) {
    wrong.delete(cell);
    cell.removeAttribute("aria-invalid");
    cell.removeAttribute("title");
  }
  function showFaults() {
    faultBox.hidden = wrong.size === 0;
    const list = document.createElement("ul");
    for (const [cell, sentence] of wrong) {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = `${labelOf(cell)}: ${sentence}`;
      button.addEventListener("click", () => select(...place(cell)));
      const line = document.createElement("li");
      line.append(button);
      list.append(line);
    }
    const notice = document.createElement("div");
    notice.className = "notice notice-bad";
    const undo = document.createElement("button");
    undo.type = "button";
    undo.className = "btn btn-plain";
    undo.textContent = wrong.size === 1 ? "Undo this cell" : `Undo these ${wrong.size} cells`;
    undo.addEventListener("click", () => {
      select(...place([...wrong.keys()][0]));
      takeBack([...wrong.keys()]);
    });
    notice.append(list, undo);
    faultBox.replaceChildren(...(wrong.size ? [notice] : []));
  }
  function say(sentence) { status.textContent = sentence; }

  // Keys
  const STEPS = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
  table.addEventListener("keydown", (event) => {
    if (event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
    if (editing) { whileEditing(event); return; }
    const cell = event.target.closest("[data-item]");
    if (!cell) return;
    const step = STEPS[event.key];
    if (step) { event.preventDefault(); move(...step); return; }
    switch (event.key) {
      case "Enter": case "F2": event.preventDefault(); edit(null); break;
      case "Home": event.preventDefault(); select(at[0], 0); break;
      case "End": event.preventDefault(); select(at[0], rows[at[0]].length - 1); break;
      case "Tab": if (!leaving && move(0, event.shiftKey ? -1 : 1)) event.preventDefault(); break;
      case "Escape":
        if (pending.has(cell) && !sending) { takeBack([cell]); break; }
        leaving = true; say("Press Tab to leave the table."); return;
      case "Delete": case "Backspace":
        event.preventDefault();
        if (cell.getAttribute("aria-readonly") !== "true") change([[cell, ""]]);
        break;
      default: if (event.key.length === 1) { event.preventDefault(); edit(event.key); }
    }
    leaving = false;
  });
  let leaving = false;
  function whileEditing(event) {
    const step = STEPS[event.key];
    const sideways = step && step[0] === 0;
    if (event.key === "Escape") { event.preventDefault(); event.stopPropagation(); cancel(); }
    else if (event.key === "Enter") { event.preventDefault(); commit(); if (!move(event.shiftKey ? -1 : 1, 0)) select(...at); }
    else if (event.key === "Tab") { event.preventDefault(); commit(); if (!move(0, event.shiftKey ? -1 : 1)) select(...at); }
    // What was typed over a cell is left with any arrow; inside a text that is corrected, left and right move in it.
    else if (step && (editing.typed || !sideways)) { event.preventDefault(); commit(); if (!move(...step)) select(...at); }
  }

  // Pointer and finger: a tap chooses a cell, and on a touch screen opens it.
  table.addEventListener("click", (event) => {
    const cell = event.target.closest("[data-item]");
    if (!cell || editing?.cell === cell) return;
    const again = document.activeElement === cell && cell === cellAt(...at) && event.detail > 1;
    select(...place(cell));
    if (again || matchMedia("(pointer: coarse)").matches) edit(null);
  });
  table.addEventListener("focusin", (event) => {
    const cell = event.target.closest("[data-item]");
    const where = cell && !editing ? place(cell) : null;
    if (where && (where[0] !== at[0] || where[1] !== at[1])) select(...where);
  });

  // Paste
  table.addEventListener("paste", (event) => {
    const text = event.clipboardData?.getData("text/plain") ?? "";
    const block = text.replace(/\r\n?/g, "\n").replace(/\n+$/, "").split("\n").map((line) => line.split("\t"));
    if (editing && block.length === 1 && block[0].length === 1) return;
    event.preventDefault();
    if (editing) cancel();
    const count = block.reduce((sum, line) => sum + line.length, 0);
    if (count > Number(table.dataset.most)) {
      say(`Nothing was pasted: these are ${count.toLocaleString("en-US")} cells, and the grade book takes at most ${Number(table.dataset.most).toLocaleString("en-US")} at once.`);
      return;
    }
    const down = rows.length - at[0];
    const across = rows[0].length - at[1];
    const width = Math.max(...block.map((line) => line.length));
    if (block.length > down || width > across) {
      say(`Nothing was pasted: the block (${counted(block.length, "row")}, ${counted(width, "column")}) is larger than what is left from this cell (${counted(down, "row")}, ${counted(across, "column")}). Begin further up or to the left, or copy fewer cells.`);
      return;
    }
    change(block.flatMap((line, row) => line.map((value, column) => [cellAt(at[0] + row, at[1] + column), value.trim()])));
  });

  addEventListener("beforeunload", (event) => { if (pending.size || sending) event.preventDefault(); });
}
