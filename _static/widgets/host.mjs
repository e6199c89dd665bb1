/**
 * Brings the page's widgets to life. A widget is a module in the anywidget front-end format (https://anywidget.dev);
 * Jupyter runs the same files. <div data-widget="logit-lab" data-props="{…}"> holds what is shown without JavaScript,
 * and until the reader comes near.
 */

/** What the widgets use of a Jupyter model. On a page there is no Python that could change it from the other side. */
class Model {
  #state;

  constructor(state) {
    this.#state = state;
  }
  get(key) {
    return this.#state[key];
  }
  set(key, value) {
    this.#state[key] = value;
  }
  on() {}
  save_changes() {}
}

async function start(place) {
  try {
    const { default: widget } = await import(`./${place.dataset.widget}.mjs`);
    const el = document.createElement("div");
    const model = new Model({ ...JSON.parse(place.dataset.props), page: true });
    await widget.render({ model, el, signal: new AbortController().signal });
    place.replaceChildren(el);
  } catch (error) {
    console.error(error); // the text and figure of the page stay
  }
}

const near = new IntersectionObserver(
  (entries) => {
    for (const { isIntersecting, target } of entries) {
      if (!isIntersecting) continue;
      near.unobserve(target);
      start(target);
    }
  },
  { rootMargin: "400px" },
);

for (const place of document.querySelectorAll("[data-widget]")) {
  if (location.hash.startsWith(`#${place.dataset.widget}=`)) start(place).then(() => place.scrollIntoView());
  else near.observe(place);
}
