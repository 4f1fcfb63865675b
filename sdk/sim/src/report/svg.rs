//! Line, area and bar charts as inline SVG: no script, no external resource.

use std::fmt::Write;

use crate::format::dollars;

/// Width of a chart that spans the page, and of one of a pair.
pub const WIDE: f64 = 1_000.0;
/// See [`WIDE`].
pub const HALF: f64 = 520.0;
const LEFT: f64 = 64.0;
const RIGHT: f64 = 24.0;
const TOP: f64 = 14.0;
const BOTTOM: f64 = 30.0;

/// How the labels of an axis are written.
#[derive(Clone, Copy, Debug)]
pub enum Format {
    /// Dollars, shortened.
    Dollars,
    /// A count.
    Count,
    /// Parts per million as a percentage.
    Percent,
}

impl Format {
    fn label(self, value: f64) -> String {
        match self {
            Self::Dollars => dollars(value),
            Self::Count => format!("{value:.0}"),
            Self::Percent => format!("{:.1}%", value / 10_000.0),
        }
    }
}

/// One chart: a frame with axes into which series are drawn.
pub struct Chart {
    width: f64,
    height: f64,
    x: (f64, f64),
    y: (f64, f64),
    format: Format,
    title: String,
    body: String,
}

impl Chart {
    /// An empty frame; `x` in seconds, `title` for screen readers.
    pub fn new(title: &str, (width, height): (f64, f64), x: (f64, f64), y: (f64, f64), format: Format) -> Self {
        let x = if x.1 > x.0 { x } else { (x.0, x.0 + 1.0) };
        let y = if y.1 > y.0 { y } else { (y.0, y.0 + 1.0) };
        Self { width, height, x, y, format, title: title.to_owned(), body: String::new() }
    }

    fn px(&self, x: f64) -> f64 {
        LEFT + (x - self.x.0) / (self.x.1 - self.x.0) * (self.width - LEFT - RIGHT)
    }

    fn py(&self, y: f64) -> f64 {
        let y = y.clamp(self.y.0, self.y.1);
        TOP + (self.y.1 - y) / (self.y.1 - self.y.0) * (self.height - TOP - BOTTOM)
    }

    fn path(&self, points: &[(f64, f64)]) -> String {
        let mut path = String::new();
        for (i, &(x, y)) in points.iter().enumerate() {
            let _ = write!(path, "{}{:.1} {:.1}", if i == 0 { "M" } else { "L" }, self.px(x), self.py(y));
        }
        path
    }

    /// A line.
    pub fn line(&mut self, class: &str, points: &[(f64, f64)]) -> &mut Self {
        let path = self.path(points);
        let _ = write!(self.body, r#"<path class="line {class}" d="{path}"/>"#);
        self
    }

    /// A line that holds its value until the next point.
    pub fn steps(&mut self, class: &str, points: &[(f64, f64)]) -> &mut Self {
        let stepped: Vec<(f64, f64)> = points
            .iter()
            .zip(points.iter().skip(1))
            .flat_map(|(a, b)| [*a, (b.0, a.1)])
            .chain(points.last().copied())
            .collect();
        self.line(class, &stepped)
    }

    /// The area between two curves over the same x.
    pub fn band(&mut self, class: &str, name: &str, points: &[(f64, f64, f64)]) -> &mut Self {
        let mut outline: Vec<(f64, f64)> = points.iter().map(|&(x, low, _)| (x, low)).collect();
        outline.extend(points.iter().rev().map(|&(x, _, high)| (x, high)));
        let path = self.path(&outline);
        let _ = write!(self.body, r#"<path class="area {class}" d="{path}Z"><title>{name}</title></path>"#);
        self
    }

    /// A shaded stretch of time with its name on top.
    pub fn shade(&mut self, from: f64, to: f64, name: &str) -> &mut Self {
        let (left, right) = (self.px(from.max(self.x.0)), self.px(to.min(self.x.1)));
        let (height, middle) = (self.height - TOP - BOTTOM, (left + right) / 2.0);
        let _ = write!(
            self.body,
            r#"<rect class="shade" x="{left:.1}" y="{TOP}" width="{:.1}" height="{height:.1}"/><text class="note" x="{middle:.1}" y="{:.1}" text-anchor="middle">{name}</text>"#,
            (right - left).max(0.0),
            TOP + 12.0,
        );
        self
    }

    /// A bar from `low` to `high`.
    pub fn bar(&mut self, class: &str, x: (f64, f64), y: (f64, f64), tip: &str) -> &mut Self {
        let (left, right, top, bottom) = (self.px(x.0), self.px(x.1), self.py(y.1), self.py(y.0));
        let _ = write!(
            self.body,
            r#"<rect class="bar {class}" x="{left:.1}" y="{top:.1}" width="{:.1}" height="{:.1}"><title>{tip}</title></rect>"#,
            (right - left).max(0.5),
            (bottom - top).max(0.0),
        );
        self
    }

    /// A sentence in the middle, where there is nothing to draw.
    pub fn say(&mut self, sentence: &str) -> &mut Self {
        let (x, y) = ((LEFT + self.width - RIGHT) / 2.0, (TOP + self.height - BOTTOM) / 2.0);
        let _ = write!(self.body, r#"<text class="note" x="{x:.1}" y="{y:.1}" text-anchor="middle">{sentence}</text>"#);
        self
    }

    /// A dot.
    pub fn dot(&mut self, class: &str, x: f64, y: f64, radius: f64, tip: &str) -> &mut Self {
        let (cx, cy) = (self.px(x), self.py(y));
        let _ = write!(
            self.body,
            r#"<circle class="dot {class}" cx="{cx:.1}" cy="{cy:.1}" r="{radius:.1}"><title>{tip}</title></circle>"#
        );
        self
    }

    /// The finished picture; `clock` writes a second of the replay as time of day.
    pub fn finish(&self, clock: &dyn Fn(f64) -> String) -> String {
        let mut axes = String::new();
        for value in ticks(self.y.0, self.y.1, 5) {
            let y = self.py(value);
            let _ = write!(
                axes,
                r#"<path class="grid" d="M{LEFT} {y:.1}H{:.1}"/><text class="tick" x="{:.1}" y="{:.1}" text-anchor="end">{}</text>"#,
                self.width - RIGHT,
                LEFT - 8.0,
                y + 4.0,
                self.format.label(value),
            );
        }
        let minutes = ((self.x.1 - self.x.0) / 60.0).max(1.0);
        let every =
            [1.0, 2.0, 5.0, 10.0, 15.0].into_iter().find(|e| minutes / e <= self.width / 120.0).unwrap_or(30.0) * 60.0;
        let mut x = (self.x.0 / every).ceil() * every;
        while x <= self.x.1 {
            let _ = write!(
                axes,
                r#"<text class="tick" x="{:.1}" y="{:.1}" text-anchor="middle">{}</text>"#,
                self.px(x),
                self.height - 8.0,
                clock(x),
            );
            x += every;
        }
        let _ = write!(
            axes,
            r#"<text class="tick" x="{:.1}" y="{:.1}" text-anchor="end">UTC</text>"#,
            LEFT - 26.0,
            self.height - 8.0,
        );
        // A wide chart keeps its size on a narrow screen and scrolls.
        let class = if self.width > HALF { "wide" } else { "half" };
        format!(
            r#"<div class="scroll"><svg class="{class}" viewBox="0 0 {} {}" role="img" aria-label="{}">{axes}{}</svg></div>"#,
            self.width, self.height, self.title, self.body
        )
    }
}

/// Round numbers within a range.
fn ticks(low: f64, high: f64, about: usize) -> Vec<f64> {
    let raw = (high - low) / about as f64;
    let power = 10f64.powf(raw.log10().floor());
    let step = [1.0, 2.0, 2.5, 5.0, 10.0].into_iter().map(|f| f * power).find(|s| *s >= raw).unwrap_or(10.0 * power);
    let first = (low / step).ceil() as i64;
    let last = (high / step + 1e-9).floor() as i64;
    (first..=last).map(|i| i as f64 * step).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_and_within_the_range() {
        assert_eq!(ticks(0.0, 100.0, 5), [0.0, 20.0, 40.0, 60.0, 80.0, 100.0]);
        assert_eq!(ticks(141.0, 198.0, 5), [160.0, 180.0]);
    }

    #[test]
    fn what_is_drawn_stays_inside_the_frame() {
        let mut chart = Chart::new("test", (WIDE, 200.0), (0.0, 60.0), (0.0, 10.0), Format::Count);
        chart.line("a", &[(0.0, -5.0), (60.0, 99.0)]);
        assert!(chart.finish(&|x| x.to_string()).contains("M64.0 170.0L976.0 14.0"));
    }
}
