"""Builds .h5p files in memory, with a small content type and a library of our own inside."""

import json
from collections.abc import Mapping
from typing import Any

from tests.factories.packages import zipped

SCRIPT = """
H5P.HandWash = (function () {
  function HandWash(params, id, extras) {
    H5P.EventDispatcher.call(this);
    const self = this;
    self.contentId = id;
    const state = (extras && extras.previousState) || { page: 1 };
    const say = (verb, score, success, part) => {
      const event = self.createXAPIEventTemplate(verb);
      if (score !== null) event.setScoredResult(score, 3, self, true, success);
      if (part) event.data.statement.context = { contextActivities: { parent: [
        { id: event.data.statement.object.id + '?subContentId=7f3a', objectType: 'Activity' }] } };
      self.trigger(event);
    };
    self.getCurrentState = () => ({ page: state.page });
    self.attach = $container => {
      self.setActivityStarted();
      const box = document.createElement('div');
      box.innerHTML = `<h1>${params.title} with ${SOAP}</h1><p>Page <output id="page">${state.page}</output></p>`;
      const on = (id, act) => {
        const button = document.createElement('button');
        button.id = id;
        button.textContent = id;
        button.onclick = act;
        box.append(button);
      };
      on('next', () => {
        state.page += 1;
        box.querySelector('output').textContent = state.page;
        say('progressed', null);
      });
      on('part', () => say('answered', 0, false, true));
      on('wrong', () => say('answered', 1, false));
      on('right', () => say('answered', 2, true));
      on('done', () => say('completed', 2));
      on('old', () => self.trigger('finish', { score: 2, maxScore: 3, time: 5 }));
      on('taller', () => { box.style.height = '1200px'; self.trigger('resize'); });
      $container[0].append(box);
      self.trigger('resize');
    };
  }
  HandWash.prototype = Object.create(H5P.EventDispatcher.prototype);
  return HandWash;
})();
"""
MAIN = {"machineName": "H5P.HandWash", "majorVersion": 1, "minorVersion": 0}
SOAP = {"machineName": "Soap", "majorVersion": "2", "minorVersion": "1"}


def library(named: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    """A library.json."""
    return {"title": named["machineName"], **named, "patchVersion": 0, "runnable": 1, **more}


def h5p_files(**changes: Any) -> dict[str, str]:
    """The files of a small content; each change is a file’s new text or JSON value, or None to leave it out."""
    files: dict[str, Any] = {
        "h5p.json": {
            "title": "Hand washing",
            "language": "en",
            "mainLibrary": "H5P.HandWash",
            "embedTypes": ["iframe"],
            "license": "U",
            "preloadedDependencies": [MAIN],
        },
        "content/content.json": {"title": "Twenty seconds"},
        "H5P.HandWash-1.0/library.json": library(
            MAIN,
            preloadedJs=[{"path": "hand.js"}],
            preloadedCss=[{"path": "hand.css"}],
            preloadedDependencies=[SOAP],
        ),
        "H5P.HandWash-1.0/hand.js": SCRIPT,
        "H5P.HandWash-1.0/hand.css": ".h5p-container { padding: 1rem; font: 1rem sans-serif }",
        "Soap-2.1/library.json": library(SOAP, preloadedJs=[{"path": "js/soap.js"}]),
        "Soap-2.1/js/soap.js": "var SOAP = 'soap';",
    }
    files.update(changes)
    return {
        name: value if isinstance(value, str) else json.dumps(value)
        for name, value in files.items()
        if value is not None
    }


def h5p_content(**changes: Any) -> bytes:
    """An .h5p file; `changes` as for `h5p_files`, by `**{"path/to.json": value}`."""
    return zipped(h5p_files(**changes))
