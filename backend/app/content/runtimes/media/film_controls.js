// The buttons under a film: names that say what they do next, 44 pixels high, and keys while one of them is in focus.

const box = document.getElementById("player-box");
const get = id => document.getElementById(id);

export function clock(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  const two = part => String(part).padStart(2, "0");
  const minutes = Math.floor(whole / 60) % 60;
  const hours = Math.floor(whole / 3600);
  return hours ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`;
}

function spoken(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  const parts = [[Math.floor(whole / 3600), "hour"], [Math.floor(whole / 60) % 60, "minute"], [whole % 60, "second"]];
  const said = parts.filter(([count], at) => count || at === 2).map(([count, word]) => `${count} ${word}${count === 1 ? "" : "s"}`);
  return said.join(" ");
}

export function bind(film, length) {
  const lasts = () => (Number.isFinite(film.duration) ? film.duration : length / 1000);
  const jump = seconds => { film.currentTime = Math.min(Math.max(0, film.currentTime + seconds), lasts()); };
  const toggle = () => (film.paused ? film.play().catch(() => {}) : film.pause());
  const position = get("position");
  const captions = get("captions");
  const speed = get("speed");
  const tracks = [...film.textTracks].filter(track => track.kind === "captions");

  get("play").addEventListener("click", toggle);
  film.addEventListener("click", toggle);
  get("back").addEventListener("click", () => jump(-10));
  get("forward").addEventListener("click", () => jump(10));
  position.addEventListener("input", () => { film.currentTime = lasts() * position.value / 1000; });
  speed.addEventListener("change", () => { film.playbackRate = Number(speed.value); });
  get("mute").addEventListener("click", () => { film.muted = !film.muted; });
  get("volume").addEventListener("input", event => {
    film.volume = event.target.value / 100;
    film.muted = false;
  });
  get("full")?.addEventListener("click", full);

  function full() {
    if (document.fullscreenElement) document.exitFullscreen();
    else if (box.requestFullscreen) box.requestFullscreen().catch(() => {});
    else film.webkitEnterFullscreen?.(); // phones that only know a film by itself
  }

  // Captions. A track that is not shown is read all the same, for the transcript.
  function caption() {
    for (const [n, track] of tracks.entries()) track.mode = captions?.value === String(n) ? "showing" : "hidden";
    captions?.dispatchEvent(new CustomEvent("chosen"));
  }
  captions?.addEventListener("change", caption);
  if (captions && tracks.length) captions.value = "0";
  caption();

  // What it shows
  function follow() {
    get("play").textContent = film.paused ? "Play" : "Pause";
    get("time").textContent = `${clock(film.currentTime)} / ${clock(lasts())}`;
    position.value = lasts() ? Math.round(1000 * film.currentTime / lasts()) : 0;
    position.setAttribute("aria-valuetext", `${spoken(film.currentTime)} of ${spoken(lasts())}`);
  }
  for (const name of ["play", "pause", "ended", "timeupdate", "seeked", "loadedmetadata", "durationchange"]) film.addEventListener(name, follow);
  film.addEventListener("volumechange", () => {
    get("mute").setAttribute("aria-pressed", String(film.muted));
    if (!film.muted) get("volume").value = Math.round(film.volume * 100);
  });
  film.addEventListener("ratechange", () => {
    if ([...speed.options].some(one => Number(one.value) === film.playbackRate)) speed.value = String(film.playbackRate);
  });
  document.addEventListener("fullscreenchange", () => {
    const button = get("full");
    if (button) button.textContent = document.fullscreenElement ? "Leave full screen" : "Full screen";
  });
  follow();

  const faster = step => {
    const at = Math.min(Math.max(speed.selectedIndex + step, 0), speed.options.length - 1);
    film.playbackRate = Number(speed.options[at].value);
  };
  const keys = {
    k: toggle,
    j: () => jump(-10),
    l: () => jump(10),
    m: () => { film.muted = !film.muted; },
    f: full,
    c: () => {
      if (!captions) return;
      captions.value = captions.value === "" ? "0" : "";
      caption();
    },
    "<": () => faster(-1),
    ">": () => faster(1),
    " ": toggle,
    ArrowLeft: () => jump(-5),
    ArrowRight: () => jump(5),
  };
  // Only inside the player, and never what a control of its own does with the key.
  box.addEventListener("keydown", event => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    const own = event.target.matches("select, input, summary") ? [" ", "ArrowLeft", "ArrowRight"] : event.target.matches("button") ? [" "] : [];
    if (event.target.matches("select") || own.includes(key) || !keys[key]) return;
    event.preventDefault();
    keys[key]();
  });
}
