"use strict";
(() => {
  const data = JSON.parse(document.getElementById("report-data").textContent);
  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  const make = (name, text, parent) => {
    const element = document.createElement(name);
    if (text !== undefined) element.textContent = text; // never as HTML: it is a user's data
    if (parent) parent.append(element);
    return element;
  };
  const short = (value) => Number(value.toPrecision(3)).toLocaleString("en");

  // Every picture is in the page once; an element shows it when it comes into sight.
  const showPicture = (image) => { image.src = data.images[image.dataset.row]; };
  const pictures = new IntersectionObserver((entries) => {
    for (const entry of entries) {
      if (entry.isIntersecting) { showPicture(entry.target); pictures.unobserve(entry.target); }
    }
  }, { rootMargin: "400px" });
  for (const image of document.querySelectorAll("img[data-row]")) pictures.observe(image);
  window.addEventListener("beforeprint", () => {
    for (const image of document.querySelectorAll("img[data-row]")) showPicture(image);
  });

  // --- pages of the coreset ---
  for (const box of document.querySelectorAll("[data-paged]")) {
    const items = [...box.querySelectorAll("[data-item]")];
    const size = Number(box.dataset.paged);
    const last = Math.max(0, Math.ceil(items.length / size) - 1);
    if (last === 0) { box.removeAttribute("tabindex"); continue; }
    let page = 0;
    const pager = make("div");
    pager.className = "pager";
    const button = (text, target) => {
      const made = make("button", text, pager);
      made.type = "button";
      made.addEventListener("click", () => show(target()));
      return made;
    };
    const back = [button("First", () => 0), button("Previous", () => page - 1)];
    const status = make("span", "", pager);
    status.setAttribute("role", "status");
    const on = [button("Next", () => page + 1), button("Last", () => last)];
    const show = (wanted) => {
      page = Math.min(last, Math.max(0, wanted));
      items.forEach((item, place) => { item.hidden = Math.floor(place / size) !== page; });
      for (const one of back) one.setAttribute("aria-disabled", String(page === 0));
      for (const one of on) one.setAttribute("aria-disabled", String(page === last));
      status.textContent = `Page ${page + 1} of ${last + 1}`;
    };
    box.before(pager);
    box.addEventListener("keydown", (event) => {
      if (event.altKey || event.ctrlKey || event.metaKey) return;
      const target = { ArrowLeft: page - 1, ArrowRight: page + 1, Home: 0, End: last }[event.key];
      if (target === undefined) return;
      show(target);
      event.preventDefault();
      if (event.target.closest("[hidden]")) box.focus();
    });
    show(0);
  }

  // --- what a coreset row stands for ---
  const opened = document.getElementById("opened");
  const pictureOf = (row, parent) => {
    if (data.images[row]) {
      const image = make("img", undefined, parent);
      image.className = "picture";
      image.alt = `Picture of row ${row}`;
      image.src = data.images[row];
    } else if (data.broken[row]) {
      make("span", `cannot be shown: ${data.broken[row]}`, parent).className = "picture broken";
    }
  };
  const detailsOf = (row, parent) => {
    if (data.captions[row]) make("bdi", data.captions[row], parent).className = "path";
    if (!data.cells[row]) return;
    const list = make("dl", undefined, parent);
    list.className = "cells";
    data.columns.forEach((name, place) => {
      const pair = make("div", undefined, list);
      make("bdi", name, make("dt", undefined, pair));
      make("bdi", data.cells[row][place], make("dd", undefined, pair));
    });
  };
  document.addEventListener("click", (event) => {
    const button = event.target.closest("button[data-open]");
    if (!button) return;
    const one = data.coreset[Number(button.dataset.open)];
    document.getElementById("opened-title").textContent =
      `Row ${one.row} and the nearest of the rows that it stands for`;
    const content = document.getElementById("opened-content");
    content.replaceChildren();
    const list = make("ul", undefined, content);
    list.className = "cards";
    for (const near of [{ row: one.row, distance: null }, ...one.nearest]) {
      const card = make("li", undefined, list);
      card.className = near.distance === null ? "card kept" : "card";
      pictureOf(near.row, card);
      make("p", near.distance === null ? `row ${near.row}, in the coreset`
        : `row ${near.row}, ${short(near.distance)} away`, card);
      detailsOf(near.row, card);
    }
    if (!one.nearest.length) make("p", "It stands for itself alone.", content);
    opened.showModal();
    document.getElementById("opened-title").focus();
  });

  // --- plots ---
  const themed = [];
  const ink = (isDark) => isDark
    ? { text: "#e8ebee", line: "#404a55", edge: "#14171b", own: "#56b4e9", all: "#7d8792" }
    : { text: "#1b1f24", line: "#d5dbe1", edge: "#ffffff", own: "#0072b2", all: "#8a939e" };
  const applyTheme = (isDark) => { for (const set of themed) set(ink(isDark)); };
  const frame = (figure, colours) => {
    for (const axis of [...figure.below, ...figure.left]) {
      axis.axis_label_text_color = axis.major_label_text_color = colours.text;
      axis.axis_line_color = axis.major_tick_line_color = colours.line;
      axis.minor_tick_line_color = null;
    }
    for (const grid of figure.center) {
      if ("grid_line_color" in grid) grid.grid_line_color = colours.line;
      if ("label_text_color" in grid) grid.label_text_color = colours.text;
    }
  };

  const setUpCurve = (figure) => {
    themed.push((colours) => {
      frame(figure, colours);
      for (const renderer of figure.renderers) {
        const colour = renderer.name === "own" ? colours.own : colours.all;
        const glyph = renderer.glyph;
        if (!glyph) continue;
        if ("fill_color" in glyph) glyph.fill_color = colour;
        if ("line_color" in glyph) glyph.line_color = colour;
      }
      for (const span of figure.center) {
        if (span.dimension) span.line_color = colours.text;
      }
    });
  };

  const setUpMap = (figure) => {
    const map = data.map;
    const element = document.getElementById("map-plot");
    const source = figure.renderers[0].data_source;
    const tip = document.getElementById("map-tip");
    const choice = document.getElementById("map-colour");
    const wide = [figure.x_range.start, figure.x_range.end];
    const high = [figure.y_range.start, figure.y_range.end];
    const shapes = ["circle", "triangle", "diamond", "circle"];
    const many = ["#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#f0e442"];
    let colours = ink(dark.matches);

    const legend = (entries) => {
      const list = document.getElementById("map-legend");
      list.replaceChildren();
      const space = "http://www.w3.org/2000/svg";
      for (const [name, colour, shape] of entries) {
        const item = make("li", undefined, list);
        const icon = document.createElementNS(space, "svg");
        icon.setAttribute("viewBox", "0 0 14 14");
        icon.setAttribute("aria-hidden", "true");
        const mark = document.createElementNS(space, shape === "circle" ? "circle" : "polygon");
        if (shape === "circle") {
          for (const [key, value] of [["cx", 7], ["cy", 7], ["r", 5.5]]) mark.setAttribute(key, value);
        } else {
          mark.setAttribute("points", shape === "triangle" ? "7,1 13,13 1,13" : "7,0 13,7 7,14 1,7");
        }
        mark.setAttribute("fill", colour);
        icon.append(mark);
        item.append(icon);
        make("bdi", name, item);
      }
    };
    const paint = () => {
      const byRole = [colours.all, "#e69f00", "#d55e00", colours.own];
      const group = choice ? data.map.groups[Number(choice.value)] : undefined;
      const palette = group ? [...many, colours.all] : byRole;
      source.data.colour = Array.from(group ? group.codes : map.role, (code) => palette[code]);
      source.data.edge = Array.from(map.role, (role) => (role === 3 ? colours.text : colours.edge));
      source.change.emit();
      const present = new Set(map.role);
      if (!group) {
        legend(map.roles.map((name, role) => [name, byRole[role], shapes[role], role])
          .filter((entry) => present.has(entry[3])).reverse());
        return;
      }
      const entries = group.names.map((name, code) => [name, palette[code], "circle"]);
      if (group.n_others) entries.push([`${group.n_others} other groups`, colours.all, "circle"]);
      if (present.has(1)) entries.push(["missed (any colour)", colours.text, "triangle"]);
      if (present.has(2)) entries.push(["outlier (any colour)", colours.text, "diamond"]);
      entries.push(["large and outlined: coreset", colours.text, "circle"]);
      legend(entries);
    };
    if (choice) choice.addEventListener("change", paint);
    themed.push((wanted) => { colours = wanted; frame(figure, wanted); paint(); });

    const describe = (place, left, top) => {
      const row = map.rows[place];
      tip.replaceChildren();
      if (data.images[row]) {
        const image = make("img", undefined, tip);
        image.alt = `Picture of row ${row}`;
        image.src = data.images[row];
      } else if (data.has_images) {
        make("p", data.broken[row] ? `cannot be shown: ${data.broken[row]}` : "no picture on this page", tip);
      }
      make("p", `row ${row}: ${map.roles[map.role[place]]}`, tip);
      if (map.rank && map.rank[place]) make("p", `rank ${map.rank[place]}`, tip);
      if (map.score) make("p", `score ${short(map.score[place])}`, tip);
      for (const group of map.groups) {
        const name = group.names[group.codes[place]];
        const line = make("p", `${group.column}: `, tip);
        make("bdi", name === undefined ? "another group" : name, line);
      }
      if (data.captions[row]) make("bdi", data.captions[row], tip).className = "path";
      tip.hidden = false;
      tip.style.left = `${Math.max(4, Math.min(left + 16, window.innerWidth - tip.offsetWidth - 8))}px`;
      tip.style.top = `${Math.max(4, Math.min(top + 16, window.innerHeight - tip.offsetHeight - 8))}px`;
    };
    let mouse = [0, 0];
    element.addEventListener("pointermove", (event) => { mouse = [event.clientX, event.clientY]; }, true);
    element.addEventListener("pointerleave", () => { tip.hidden = true; });
    source.inspect.connect(() => {
      const found = source.inspected.indices;
      // The last is drawn over the others.
      if (found.length) describe(Math.max(...found), ...mouse);
      else tip.hidden = true;
    });

    const move = (x, y) => {
      const dx = (figure.x_range.end - figure.x_range.start) * x;
      const dy = (figure.y_range.end - figure.y_range.start) * y;
      figure.x_range.setv({ start: figure.x_range.start + dx, end: figure.x_range.end + dx });
      figure.y_range.setv({ start: figure.y_range.start + dy, end: figure.y_range.end + dy });
    };
    const zoom = (factor) => {
      for (const range of [figure.x_range, figure.y_range]) {
        const middle = (range.start + range.end) / 2;
        const half = (range.end - range.start) / 2 * factor;
        range.setv({ start: middle - half, end: middle + half });
      }
    };
    const whole = () => {
      figure.x_range.setv({ start: wide[0], end: wide[1] });
      figure.y_range.setv({ start: high[0], end: high[1] });
    };
    for (const button of document.querySelectorAll("button[data-zoom]")) {
      const factor = button.dataset.zoom;
      button.addEventListener("click", () => (factor === "reset" ? whole() : zoom(Number(factor))));
    }
    const ranked = map.role.map((role, place) => [role, place]).filter(([role]) => role === 3)
      .map(([, place]) => place).sort((a, b) => (map.rank ? map.rank[a] - map.rank[b] : a - b));
    let at = -1;
    const step = (by) => {
      if (!ranked.length) return;
      at = (at + by + ranked.length) % ranked.length;
      const place = ranked[at];
      const x = map.x[place], y = map.y[place];
      if (x < figure.x_range.start || x > figure.x_range.end || y < figure.y_range.start || y > figure.y_range.end) whole();
      source.selected.indices = [place];
      const box = element.getBoundingClientRect();
      const share = (value, range) => (value - range.start) / (range.end - range.start);
      describe(place, box.left + box.width * share(x, figure.x_range), box.top + box.height * (1 - share(y, figure.y_range)));
    };
    const keys = {
      ArrowLeft: () => move(-0.2, 0), ArrowRight: () => move(0.2, 0),
      ArrowUp: () => move(0, 0.2), ArrowDown: () => move(0, -0.2),
      "+": () => zoom(0.7), "=": () => zoom(0.7), "-": () => zoom(1.4), 0: whole,
      n: () => step(1), p: () => step(at < 0 ? 0 : -1), Escape: () => { tip.hidden = true; },
    };
    element.addEventListener("keydown", (event) => {
      const act = keys[event.key];
      if (!act || event.altKey || event.ctrlKey || event.metaKey) return;
      act();
      event.preventDefault();
    });
    element.addEventListener("blur", () => { tip.hidden = true; });
  };

  const plots = [["curve-plot", data.plots.curve, setUpCurve], ["map-plot", data.plots.map, setUpMap]];
  const draw = async () => {
    for (const [id, item, setUp] of plots) {
      const element = document.getElementById(id);
      if (!item || !element) continue;
      const views = await window.Bokeh.embed.embed_item(item, element);
      const view = views.roots ? views.roots[0] : views[0];
      setUp(view.model);
    }
    applyTheme(dark.matches);
    dark.addEventListener("change", () => applyTheme(dark.matches));
    window.addEventListener("beforeprint", () => applyTheme(false));
    window.addEventListener("afterprint", () => applyTheme(dark.matches));
    document.documentElement.dataset.ready = "true";
  };
  // The page can be read before the plots are there.
  if (document.readyState === "complete") draw();
  else window.addEventListener("load", () => setTimeout(draw));
})();
