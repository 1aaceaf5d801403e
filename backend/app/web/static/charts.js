// Draws the figures of the chart macro with ECharts, in the page's colours, again when the theme changes.

let loading = null;
function library(address) {
  loading ??= new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = address;
    script.onload = () => resolve(window.echarts);
    script.onerror = reject;
    document.head.append(script);
  });
  return loading;
}

// The colours are light-dark() pairs; a canvas needs the one that applies.
function colour(name) {
  const probe = document.createElement("span");
  probe.className = "visually-hidden";
  probe.style.color = `var(${name})`;
  document.body.append(probe);
  const value = getComputedStyle(probe).color;
  probe.remove();
  return value;
}

function option(kind, data, unit) {
  const ink = colour("--ink"), quiet = colour("--ink-quiet"), line = colour("--line"), surface = colour("--surface");
  const palette = ["--accent", "--info", "--warn", "--good", "--bad", "--ink-quiet"].map(colour);
  const shared = {
    color: palette,
    animation: !matchMedia("(prefers-reduced-motion: reduce)").matches,
    textStyle: { color: ink, fontFamily: getComputedStyle(document.body).fontFamily },
    // Rich text is drawn on the canvas; the HTML kind would need inline styles, which the page's policy forbids.
    tooltip: {
      renderMode: "richText", trigger: kind === "pie" ? "item" : "axis", confine: true,
      backgroundColor: surface, borderColor: line, textStyle: { color: ink },
      valueFormatter: (value) => `${Number(value).toLocaleString("en-US")}${unit ? ` ${unit}` : ""}`,
    },
    legend: data.series.length > 1 || kind === "pie" ? { bottom: 0, textStyle: { color: quiet }, type: "scroll" } : undefined,
  };
  if (kind === "pie") {
    const values = data.series[0].values.map((value, index) => ({ value, name: data.labels[index] }));
    return { ...shared, series: [{ type: "pie", radius: ["52%", "76%"], center: ["50%", "45%"], data: values, label: { show: false }, itemStyle: { borderColor: surface, borderWidth: 2 } }] };
  }
  const bars = kind === "bar" || kind === "stacked";
  return {
    ...shared,
    grid: { left: 4, right: 12, top: unit ? 32 : 16, bottom: data.series.length > 1 ? 40 : 8, containLabel: true },
    xAxis: { type: "category", data: data.labels, boundaryGap: bars, axisLabel: { color: quiet }, axisLine: { lineStyle: { color: line } }, axisTick: { show: false } },
    yAxis: { type: "value", name: unit, nameTextStyle: { color: quiet, align: "left" }, axisLabel: { color: quiet }, splitLine: { lineStyle: { color: line } } },
    series: data.series.map((one) => ({
      name: one.name, data: one.values, type: bars ? "bar" : "line", stack: kind === "stacked" ? "all" : undefined,
      areaStyle: kind === "area" ? { opacity: 0.15 } : undefined, symbolSize: 6, lineStyle: { width: 2.5 }, barMaxWidth: 40,
      itemStyle: bars ? { borderRadius: kind === "stacked" ? 0 : [4, 4, 0, 0] } : undefined,
    })),
  };
}

export async function draw(figure) {
  figure.dataset.drawn = "yes";
  const echarts = await library(figure.dataset.library);
  const data = JSON.parse(figure.querySelector("script[type='application/json']").textContent);
  const canvas = figure.querySelector(".chart-canvas");
  const chart = echarts.init(canvas);
  const paint = () => chart.setOption(option(figure.dataset.chart, data, figure.dataset.unit), true);
  paint();
  new ResizeObserver(() => chart.resize()).observe(canvas);
  document.addEventListener("themechange", paint);
}
