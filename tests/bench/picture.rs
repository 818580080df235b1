//! The picture: for each stage, how long how many took. One curve a stage; left is quick, high is rare.

use std::fmt::Write as _;

use serde_json::Value;

use telecare_tests::figures::{Samples, short};

const WIDTH: f64 = 960.0;
const HEIGHT: f64 = 520.0;
const LEFT: f64 = 70.0;
const RIGHT: f64 = 330.0;
const TOP: f64 = 50.0;
const BOTTOM: f64 = 60.0;
/// The axis of time, milliseconds; each step ten times the one before.
const DECADES: [f64; 6] = [0.01, 0.1, 1.0, 10.0, 100.0, 1_000.0];
/// The axis of shares: as many nines as a promise has.
const SHARES: [(f64, &str); 7] = [
    (0.0, "fastest"),
    (0.5, "50 %"),
    (0.9, "90 %"),
    (0.95, "95 %"),
    (0.99, "99 %"),
    (0.999, "99.9 %"),
    (0.9999, "99.99 %"),
];
const COLOURS: [&str; 10] =
    ["#0b6e4f", "#7fb69f", "#1f4e99", "#8fb0de", "#b3541e", "#e0a98a", "#6b3fa0", "#b9a3d6", "#444444", "#aaaaaa"];

/// Draws the stages.
pub fn draw(machine: &Value, stages: &[(String, Samples)]) -> String {
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" font-family=\"sans-serif\" \
         font-size=\"13\">\n<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n\
         <text x=\"{LEFT}\" y=\"24\" font-size=\"16\">How long how many took, per stage</text>\n"
    );
    let about = ["at", "commit", "processor"].map(|name| machine[name].as_str().unwrap_or_default()).join(", ");
    let _ = writeln!(svg, "<text x=\"{LEFT}\" y=\"41\" fill=\"#666\" font-size=\"11\">{}</text>", escaped(&about));
    for ms in DECADES {
        let (x, end) = (across(ms), HEIGHT - BOTTOM);
        let label = if ms >= 1_000.0 { "1 s".to_owned() } else { format!("{ms} ms") };
        let _ = writeln!(
            svg,
            "<line x1=\"{x}\" y1=\"{TOP}\" x2=\"{x}\" y2=\"{end}\" stroke=\"#ddd\"/>\
             <text x=\"{x}\" y=\"{}\" text-anchor=\"middle\">{label}</text>",
            end + 18.0
        );
    }
    for (share, label) in SHARES {
        let (y, end) = (up(share), WIDTH - RIGHT);
        let _ = writeln!(
            svg,
            "<line x1=\"{LEFT}\" y1=\"{y}\" x2=\"{end}\" y2=\"{y}\" stroke=\"#eee\"/>\
             <text x=\"{}\" y=\"{}\" text-anchor=\"end\">{label}</text>",
            LEFT - 6.0,
            y + 4.0
        );
    }
    for (n, ((name, samples), colour)) in (0_u32..).zip(stages.iter().zip(COLOURS.iter().cycle())) {
        let points: Vec<String> = (0..=200)
            .map(|step| 1.0 - 10_f64.powf(-f64::from(step) / 50.0))
            .map(|share| format!("{:.1},{:.1}", across(samples.quantile(share)), up(share)))
            .collect();
        let y = TOP + 16.0 + 34.0 * f64::from(n);
        let x = WIDTH - RIGHT + 14.0;
        let _ = writeln!(
            svg,
            "<polyline points=\"{}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"2\"/>\
             <line x1=\"{x}\" y1=\"{y}\" x2=\"{}\" y2=\"{y}\" stroke=\"{colour}\" stroke-width=\"3\"/>\
             <text x=\"{}\" y=\"{}\">{}</text><text x=\"{}\" y=\"{}\" fill=\"#666\" font-size=\"11\">\
             50 %: {} ms, 99 %: {} ms</text>",
            points.join(" "),
            x + 18.0,
            x + 24.0,
            y + 4.0,
            escaped(name),
            x + 24.0,
            y + 18.0,
            short(samples.quantile(0.5)),
            short(samples.quantile(0.99)),
        );
    }
    svg.push_str("</svg>\n");
    svg
}

fn across(ms: f64) -> f64 {
    let (first, last) = (DECADES[0].log10(), DECADES[DECADES.len() - 1].log10());
    let share = (ms.max(DECADES[0]).log10() - first) / (last - first);
    LEFT + share.clamp(0.0, 1.0) * (WIDTH - LEFT - RIGHT)
}

fn up(share: f64) -> f64 {
    let nines = -(1.0 - share).max(0.0001).log10() / 4.0;
    HEIGHT - BOTTOM - nines * (HEIGHT - TOP - BOTTOM)
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}
