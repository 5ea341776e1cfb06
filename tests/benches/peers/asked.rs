//! What was asked of the product, beside what was measured.

use std::time::Duration;

use crate::rows::ms;

/// The figures, in the order they were measured.
#[derive(Default)]
pub struct Asked(Vec<Figure>);

struct Figure {
    what: String,
    asked: String,
    measured: String,
    holds: Option<bool>,
}

impl Asked {
    /// A figure that holds while `measured` is at most `most`, both in `unit`.
    pub fn at_most(&mut self, what: &str, (measured, most): (f64, f64), unit: &str, more: &str) {
        self.0.push(Figure {
            what: what.to_owned(),
            asked: format!("at most {} {unit}", short(most)),
            measured: format!("{} {unit}{}", short(measured), bracketed(more)),
            holds: Some(measured <= most),
        });
    }

    /// A figure that holds while `measured` is at least `least`.
    pub fn at_least(&mut self, what: &str, (measured, least): (f64, f64), unit: &str, more: &str) {
        self.0.push(Figure {
            what: what.to_owned(),
            asked: format!("at least {} {unit}", short(least)),
            measured: format!("{} {unit}{}", short(measured), bracketed(more)),
            holds: Some(measured >= least),
        });
    }

    /// A figure that nothing was asked of.
    pub fn told(&mut self, what: &str, measured: &str) {
        self.0.push(Figure {
            what: what.to_owned(),
            asked: "-".to_owned(),
            measured: measured.to_owned(),
            holds: None,
        });
    }

    /// What could not be measured here, and why: no figure, and no silence either.
    pub fn missing(&mut self, what: &str, why: &str) {
        self.told(what, &format!("NOT MEASURED: {why}"));
    }

    /// Prints the table.
    pub fn print(&self) {
        println!("\n| figure | asked | measured | holds |");
        println!("| --- | --- | --- | --- |");
        for figure in &self.0 {
            let holds = match figure.holds {
                None => "-",
                Some(true) => "yes",
                Some(false) => "NO",
            };
            println!("| {} | {} | {} | {holds} |", figure.what, figure.asked, figure.measured);
        }
    }
}

fn bracketed(more: &str) -> String {
    if more.is_empty() { String::new() } else { format!(" ({more})") }
}

fn short(value: f64) -> String {
    if value >= 100.0 { format!("{value:.0}") } else { format!("{value:.2}") }
}

/// The middle of what is sorted here, and the worst, in milliseconds.
pub fn middle_and_worst(mut times: Vec<Duration>) -> (f64, String) {
    times.sort_unstable();
    let worst = times.last().copied().unwrap_or_default();
    let middle = times.get(times.len() / 2).copied().unwrap_or_default();
    (ms(middle), format!("median of {}, worst {:.0}", times.len(), ms(worst)))
}
