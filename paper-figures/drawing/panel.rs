//! A row of panels with logarithmic axes, curves with error bars, and one legend.

use std::ops::Range;
use std::sync::Once;

use plotters::coord::combinators::LogCoord;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{FontStyle, register_font};

use super::{FONT, PALETTE};

/// A measured point with its interval; an infinite end is drawn to the edge.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Point {
    /// Abscissa.
    pub x: f64,
    /// Ordinate.
    pub y: f64,
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

/// Points joined by a line.
#[derive(Debug, Clone, PartialEq)]
pub struct Curve {
    /// For the legend; curves of the same label share one entry.
    pub label: String,
    /// Index into the palette.
    pub color: usize,
    /// Dashed and with open markers.
    pub dashed: bool,
    /// Without a line: markers alone.
    pub scattered: bool,
    /// From left to right. Many of them (more than 40) make a line without markers and bars.
    pub points: Vec<Point>,
}

impl Curve {
    /// Markers would run into one another.
    fn is_dense(&self) -> bool {
        self.points.len() > 40
    }
}

/// One panel, both axes logarithmic.
#[derive(Debug, Clone, PartialEq)]
pub struct Panel {
    /// Above it.
    pub title: String,
    /// Below it.
    pub x_label: String,
    /// Beside it.
    pub y_label: String,
    /// What is in it.
    pub curves: Vec<Curve>,
    /// Horizontal reference lines.
    pub references: Vec<f64>,
    /// Names of the abscissae, drawn in place of numbers.
    pub x_names: Vec<(f64, String)>,
}

type Drawn<E> = Result<(), DrawingAreaErrorKind<E>>;
type Area<'a> = DrawingArea<SVGBackend<'a>, plotters::coord::Shift>;
type Chart<'a, 'b> = ChartContext<'a, SVGBackend<'b>, Cartesian2d<LogCoord<f64>, LogCoord<f64>>>;

const WIDTH: u32 = 400;
const HEIGHT: u32 = 340;
/// Of the legend: one entry's width, one line's height, the space above and below.
const ENTRY: (u32, u32, u32) = (255, 18, 14);

/// Draws the panels in rows of `columns`, the legend below them.
///
/// # Errors
/// What the drawing library says.
pub fn draw(panels: &[Panel], columns: usize) -> Result<String, String> {
    static FONT_REGISTERED: Once = Once::new();
    FONT_REGISTERED.call_once(|| {
        // The bytes are ours and tested: they are a font.
        let _ = register_font("sans-serif", FontStyle::Normal, FONT);
    });
    let columns = columns.clamp(1, panels.len().max(1));
    let rows = panels.len().div_ceil(columns);
    let width = WIDTH * columns as u32;
    let lines = legend(panels).len().div_ceil(per_line(width)) as u32;
    let size = (width, HEIGHT * rows as u32 + ENTRY.1 * lines + ENTRY.2);
    let mut svg = String::new();
    {
        let root = SVGBackend::with_string(&mut svg, size).into_drawing_area();
        fill(&root, panels, rows, columns).map_err(|e| e.to_string())?;
    }
    Ok(svg)
}

fn fill<'a>(
    root: &Area<'a>,
    panels: &[Panel],
    rows: usize,
    columns: usize,
) -> Drawn<<SVGBackend<'a> as DrawingBackend>::ErrorType> {
    root.fill(&WHITE)?;
    let (upper, lower) = root.split_vertically(HEIGHT * rows as u32);
    for (area, panel) in upper.split_evenly((rows, columns)).iter().zip(panels) {
        draw_panel(area, panel)?;
    }
    draw_legend(&lower, panels)?;
    root.present()
}

/// The smallest and largest positive finite number, widened by a tenth of the decades between them.
fn span(numbers: impl Iterator<Item = f64>) -> Range<f64> {
    let (mut low, mut high) = (f64::INFINITY, 0.0_f64);
    for x in numbers.filter(|x| x.is_finite() && *x > 0.0) {
        (low, high) = (low.min(x), high.max(x));
    }
    if low > high {
        return 0.1..10.0;
    }
    let margin = (high / low).powf(0.1).max(1.15);
    low / margin..high * margin
}

fn draw_panel<'a>(area: &Area<'a>, panel: &Panel) -> Drawn<<SVGBackend<'a> as DrawingBackend>::ErrorType> {
    let points = || panel.curves.iter().flat_map(|curve| &curve.points);
    let xs = span(points().map(|p| p.x).chain(panel.x_names.iter().map(|(x, _)| *x)));
    let ys = span(points().flat_map(|p| [p.y, p.low, p.high]).chain(panel.references.iter().copied()));
    let mut chart = ChartBuilder::on(area)
        .caption(&panel.title, ("sans-serif", 14))
        .margin(10)
        .x_label_area_size(46)
        .y_label_area_size(62)
        .build_cartesian_2d(xs.clone().log_scale(), ys.clone().log_scale())?;
    // The library marks powers of ten alone; panels here often span less than a decade.
    chart
        .configure_mesh()
        .disable_mesh()
        .x_label_formatter(&|_| String::new())
        .y_label_formatter(&|_| String::new())
        .set_all_tick_mark_size(0)
        .x_desc(&panel.x_label)
        .y_desc(&panel.y_label)
        .axis_desc_style(("sans-serif", 12))
        .draw()?;
    draw_ticks(area, &mut chart, panel, &xs, &ys)?;
    for &y in &panel.references {
        chart.draw_series(LineSeries::new([(xs.start, y), (xs.end, y)], RGBColor(120, 120, 120)))?;
    }
    for curve in &panel.curves {
        draw_curve(&mut chart, curve, &ys)?;
    }
    Ok(())
}

/// Numbers 1, 2, 5, 10, ... inside a range, powers of ten alone if those are enough.
fn ticks(range: &Range<f64>) -> Vec<f64> {
    let exponents = range.start.log10().floor() as i32..=range.end.log10().ceil() as i32;
    let all = |digits: &[f64]| -> Vec<f64> {
        let at = |e: i32| digits.iter().map(move |d| d * 10f64.powi(e));
        exponents.clone().flat_map(at).filter(|x| range.contains(x)).collect()
    };
    [&[1.0][..], &[1.0, 3.0], &[1.0, 2.0, 5.0]]
        .into_iter()
        .map(all)
        .find(|ticks| ticks.len() >= 4)
        .unwrap_or_else(|| all(&[1.0, 1.5, 2.0, 3.0, 5.0, 7.0]))
}

fn draw_ticks<'a>(
    area: &Area<'a>,
    chart: &mut Chart<'_, 'a>,
    panel: &Panel,
    xs: &Range<f64>,
    ys: &Range<f64>,
) -> Drawn<<SVGBackend<'a> as DrawingBackend>::ErrorType> {
    let light = RGBColor(228, 228, 228);
    let (left, top) = area.get_base_pixel();
    let style = |h, v| ("sans-serif", 11).into_text_style(area).pos(Pos::new(h, v));
    for y in ticks(ys) {
        chart.draw_series([PathElement::new([(xs.start, y), (xs.end, y)], light)])?;
        let (px, py) = chart.plotting_area().map_coordinate(&(xs.start, y));
        area.draw(&Text::new(plain(y), (px - left - 6, py - top), style(HPos::Right, VPos::Center)))?;
    }
    let numbers = || ticks(xs).into_iter().map(|x| (x, plain(x))).collect();
    let names = if panel.x_names.is_empty() { numbers() } else { panel.x_names.clone() };
    for (x, name) in names {
        chart.draw_series([PathElement::new([(x, ys.start), (x, ys.end)], light)])?;
        let (px, py) = chart.plotting_area().map_coordinate(&(x, ys.start));
        // A name may be of two lines.
        for (k, line) in name.lines().enumerate() {
            let at = (px - left, py - top + 6 + 13 * k as i32);
            area.draw(&Text::new(line, at, style(HPos::Center, VPos::Top)))?;
        }
    }
    Ok(())
}

fn draw_curve<'b>(
    chart: &mut Chart<'_, 'b>,
    curve: &Curve,
    ys: &Range<f64>,
) -> Drawn<<SVGBackend<'b> as DrawingBackend>::ErrorType> {
    let color = rgb(curve.color);
    let inside = |y: f64| y.clamp(ys.start, ys.end);
    let seen: Vec<&Point> = curve.points.iter().filter(|p| p.y.is_finite()).collect();
    let line = seen.iter().map(|p| (p.x, p.y));
    match (curve.scattered, curve.dashed) {
        (true, _) => {}
        (false, true) => {
            chart.draw_series(DashedLineSeries::new(line, 5, 4, color.stroke_width(2)))?;
        }
        (false, false) => {
            chart.draw_series(LineSeries::new(line, color.stroke_width(2)))?;
        }
    }
    if curve.is_dense() {
        return Ok(());
    }
    let bars = seen.iter().map(|p| PathElement::new([(p.x, inside(p.low)), (p.x, inside(p.high))], color));
    chart.draw_series(bars)?;
    let marker = if curve.dashed { color.stroke_width(2) } else { color.filled() };
    chart.draw_series(seen.iter().map(|p| Circle::new((p.x, p.y), 4, marker)))?;
    Ok(())
}

/// The curves of distinct labels.
fn legend(panels: &[Panel]) -> Vec<&Curve> {
    let mut shown: Vec<&Curve> = Vec::new();
    for curve in panels.iter().flat_map(|panel| &panel.curves) {
        if !shown.iter().any(|other| other.label == curve.label) {
            shown.push(curve);
        }
    }
    shown
}

fn per_line(width: u32) -> usize {
    (width / ENTRY.0).max(1) as usize
}

fn draw_legend<'a>(
    area: &Area<'a>,
    panels: &[Panel],
) -> Drawn<<SVGBackend<'a> as DrawingBackend>::ErrorType> {
    let per_line = per_line(area.dim_in_pixel().0);
    for (k, curve) in legend(panels).into_iter().enumerate() {
        let x = 20 + (ENTRY.0 as usize * (k % per_line)) as i32;
        let y = 2 + (ENTRY.1 as usize * (k / per_line)) as i32;
        let color = rgb(curve.color);
        let gap = if curve.dashed { 5 } else { 0 };
        if !curve.scattered {
            area.draw(&PathElement::new([(x, y + 6), (x + 12 - gap, y + 6)], color.stroke_width(2)))?;
            area.draw(&PathElement::new([(x + 18 + gap, y + 6), (x + 30, y + 6)], color.stroke_width(2)))?;
        }
        if curve.is_dense() {
            area.draw(&PathElement::new([(x + 12, y + 6), (x + 18, y + 6)], color.stroke_width(2)))?;
        } else {
            let marker = if curve.dashed { color.stroke_width(2) } else { color.filled() };
            area.draw(&Circle::new((x + 15, y + 6), 4, marker))?;
        }
        area.draw(&Text::new(curve.label.clone(), (x + 38, y), ("sans-serif", 12)))?;
    }
    Ok(())
}

fn rgb(color: usize) -> RGBColor {
    let (r, g, b) = PALETTE[color % PALETTE.len()];
    RGBColor(r, g, b)
}

/// A number as a person writes it on an axis.
fn plain(x: f64) -> String {
    if (1e-3..1e5).contains(&x) { format!("{}", (x * 1e4).round() / 1e4) } else { format!("{x:.0e}") }
}
