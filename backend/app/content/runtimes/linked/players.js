// The players of YouTube and Vimeo by their messages, without a script of theirs. Each calls `heard` with what it says:
// { time, length, speed, playing, ended }, as far as it says it.
//
// YouTube: the messages of its IFrame API (https://developers.google.com/youtube/iframe_api_reference).
// Vimeo: the messages of its player (https://github.com/vimeo/player.js).

const ASK_MS = 500;

function asked(value) {
  if (typeof value !== "string") return value ?? {};
  try { return JSON.parse(value) ?? {}; } catch { return {}; }
}

class Player {
  constructor(frame, host, heard) {
    this.frame = frame;
    this.origin = `https://${host}`;
    this.heard = heard;
    window.addEventListener("message", event => {
      if (event.origin !== this.origin || event.source !== frame.contentWindow) return;
      clearInterval(this.asking);
      this.take(asked(event.data));
    });
    // It may not listen yet when its page has loaded.
    frame.addEventListener("load", () => {
      clearInterval(this.asking);
      this.asking = setInterval(() => this.ask(), ASK_MS);
      this.ask();
    });
  }

  send(message) {
    this.frame.contentWindow.postMessage(JSON.stringify(message), this.origin);
  }
}

class YouTube extends Player {
  static from(address, seconds) {
    return seconds ? `${address}&start=${seconds}` : address;
  }

  ask() {
    this.send({ event: "listening", id: "film", channel: "widget" });
  }

  take({ event, info }) {
    if (event === "onStateChange") this.state(info);
    if (info === null || typeof info !== "object") return;
    const { currentTime: time, duration: length, playbackRate: speed } = info;
    this.heard({ time, speed, length: length || undefined });
    if (info.playerState !== undefined) this.state(info.playerState);
  }

  state(number) {
    if (number === 1) this.heard({ playing: true });
    else if (number === 0) this.heard({ playing: false, ended: true });
    else if (number !== 3) this.heard({ playing: false }); // 3: waits for the film
  }
}

class Vimeo extends Player {
  static from(address, seconds) {
    return seconds ? `${address}#t=${seconds}s` : address;
  }

  ask() {
    for (const value of ["play", "playing", "pause", "ended", "timeupdate", "seeked", "playbackratechange"]) {
      this.send({ method: "addEventListener", value });
    }
    this.send({ method: "getDuration" });
  }

  take({ event, method, value, data }) {
    if (event === "ready") this.ask();
    if (method === "getDuration") this.heard({ length: value });
    const known = data ?? {};
    this.heard({ time: known.seconds, length: known.duration, speed: known.playbackRate });
    if (event === "play" || event === "playing") this.heard({ playing: true });
    if (event === "pause") this.heard({ playing: false });
    if (event === "ended") this.heard({ playing: false, ended: true });
  }
}

export const PLAYERS = { youtube: YouTube, vimeo: Vimeo };
