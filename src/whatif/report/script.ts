/** The one script of a report: reads the site chart under the pointer. It needs no network and changes no data. @module */

/** Plain browser JavaScript; the data stands in the element `#data`. */
export const script = `
(() => {
  const data = JSON.parse(document.getElementById('data').textContent);
  const hover = document.getElementById('hover');
  const cross = document.getElementById('cross');
  const readout = document.getElementById('readout');
  const chart = document.getElementById('site');
  const show = (event) => {
    const point = new DOMPoint(event.clientX, event.clientY).matrixTransform(chart.getScreenCTM().inverse());
    const part = (point.x - data.left) / (data.right - data.left);
    const at = data.startS + part * (data.endS - data.startS);
    const i = Math.floor((at - data.stackStartS) / data.stepS);
    if (i < 0 || i >= data.times.length) return;
    cross.setAttribute('opacity', 1);
    cross.setAttribute('x1', point.x);
    cross.setAttribute('x2', point.x);
    const kw = (watts) => (watts / 1000).toFixed(1);
    const parts = data.layers.map((layer) => layer.name + ' ' + kw(layer.powerW[i]) + ' kW');
    const total = data.layers.reduce((sum, layer) => sum + layer.powerW[i], 0);
    readout.textContent = data.times[i] + '  site ' + kw(total) + ' kW of ' + kw(data.limitW[i]) + ' kW: ' + parts.join(', ');
  };
  hover.addEventListener('pointermove', show);
  hover.addEventListener('pointerdown', show);
})();
`;
