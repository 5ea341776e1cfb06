//! Charts as SVG from values: columns of which each is a stack. No script, no style of its own: the style sheet
//! colours the classes, so they follow the device's light or dark look. What a chart shows stands in a table below it,
//! for whoever cannot see it.

/// How wide a column is, in units of the picture.
const STEP: u64 = 100;
/// The space on either side of a column.
const GAP: u64 = 14;
/// How high the picture is.
const HEIGHT: u64 = 1_000;
/// How many names stand below it at most.
const NAMES: usize = 6;

/// One column: its name and the values that are stacked in it, from the bottom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// What it is called.
    pub name: String,
    /// One value of each series.
    pub values: Vec<u64>,
}

impl Column {
    /// Everything in it.
    pub fn total(&self) -> u64 {
        self.values.iter().sum()
    }
}

/// A picture of columns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chart {
    /// Width of the view box.
    pub width: u64,
    /// Height of the view box.
    pub height: u64,
    /// The rectangles.
    pub bars: Vec<Bar>,
    /// What the lines across stand for, from the top.
    pub ticks: [u64; 3],
    /// Names to stand below, in order and at even distances.
    pub names: Vec<String>,
}

/// One rectangle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bar {
    /// Which series it belongs to, from 0.
    pub series: usize,
    /// Where it begins, from the left.
    pub x: u64,
    /// Where it begins, from the top.
    pub y: u64,
    /// How wide it is.
    pub width: u64,
    /// How high it is.
    pub height: u64,
}

impl Chart {
    /// The picture of these columns.
    pub fn of(columns: &[Column]) -> Self {
        let top = nice(columns.iter().map(Column::total).max().unwrap_or(0));
        let mut bars = Vec::new();
        for (at, column) in (0_u64..).zip(columns) {
            let mut below = 0;
            for (series, value) in column.values.iter().enumerate().filter(|(_, value)| **value > 0) {
                // Both edges are rounded, so that there is no gap within a stack.
                let (from, to) = (scaled(below, top), scaled(below + value, top));
                // What is there is seen, however little it is.
                let height = (to - from).max(4);
                let bar = Bar {
                    series,
                    x: at * STEP + GAP,
                    y: HEIGHT.saturating_sub(from + height),
                    width: STEP - 2 * GAP,
                    height,
                };
                bars.push(bar);
                below += value;
            }
        }
        Self {
            width: (columns.len() as u64).max(1) * STEP,
            height: HEIGHT,
            bars,
            ticks: [top, top / 2, 0],
            names: names(columns),
        }
    }
}

fn scaled(value: u64, top: u64) -> u64 {
    value.saturating_mul(HEIGHT).checked_div(top).unwrap_or(0)
}

/// The first even number of 1, 2, 4, 6 or 8 and zeros that is not smaller: its half is whole as well.
fn nice(most: u64) -> u64 {
    let mut scale = 1_u64;
    loop {
        for lead in [2, 4, 6, 8, 10] {
            let candidate = scale.saturating_mul(lead);
            if candidate >= most {
                return candidate.max(4);
            }
        }
        scale = scale.saturating_mul(10);
    }
}

/// A few of the names, the first and the last among them.
fn names(columns: &[Column]) -> Vec<String> {
    let last = columns.len().saturating_sub(1);
    let wanted = NAMES.min(columns.len());
    let at = |n: usize| n.checked_mul(last).and_then(|n| n.checked_div(wanted.saturating_sub(1))).unwrap_or(0);
    (0..wanted).filter_map(|n| columns.get(at(n))).map(|column| column.name.clone()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn columns(values: &[&[u64]]) -> Vec<Column> {
        let column = |(at, values): (usize, &&[u64])| Column { name: at.to_string(), values: values.to_vec() };
        values.iter().enumerate().map(column).collect()
    }

    #[test]
    fn k12_stacks_stand_on_each_other_and_stay_within_the_picture() {
        let chart = Chart::of(&columns(&[&[5, 3, 0], &[0, 0, 0], &[10, 0, 10], &[1, 1, 1]]));
        assert_eq!((chart.width, chart.ticks), (400, [20, 10, 0]));
        assert_eq!(chart.bars.len(), 2 + 2 + 3, "nothing is drawn where nothing is");
        let first: Vec<(usize, u64, u64)> = chart.bars[..2].iter().map(|bar| (bar.series, bar.y, bar.height)).collect();
        assert_eq!(first, [(0, 750, 250), (1, 600, 150)]);
        for bar in &chart.bars {
            assert!(bar.x + bar.width <= chart.width && bar.y + bar.height <= chart.height, "{bar:?}");
        }
    }

    #[test]
    fn k12_lines_stand_at_whole_numbers_above_all_columns() {
        for (most, top) in
            [(0, 4), (1, 4), (4, 4), (5, 6), (9, 10), (11, 20), (39, 40), (61, 80), (99, 100), (101, 200)]
        {
            assert_eq!(nice(most), top, "{most}");
        }
        assert!(nice(u64::MAX - 1) >= u64::MAX - 1, "it ends for any number");
        let chart = Chart::of(&columns(&[&[u64::MAX / 4]]));
        assert!(chart.bars[0].height <= chart.height);
    }

    #[test]
    fn k12_names_are_few_with_the_first_and_the_last() {
        let month: Vec<Column> = (1..=30).map(|n| Column { name: n.to_string(), values: vec![] }).collect();
        assert_eq!(Chart::of(&month).names, ["1", "6", "12", "18", "24", "30"]);
        assert_eq!(Chart::of(&month[..1]).names, ["1"]);
        assert_eq!(Chart::of(&month[..2]).names, ["1", "2"]);
        assert!(Chart::of(&[]).names.is_empty());
    }
}
