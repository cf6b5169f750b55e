//! Figures in words, and the middle of many.

/// The value that so many of a hundred do not exceed; 0 if there are none. Sorts them.
pub(crate) fn percentile(values: &mut [u64], percent: usize) -> u64 {
    values.sort_unstable();
    match values.len() {
        0 => 0,
        len => values[(len - 1) * percent / 100],
    }
}

/// `850 ms`, `2.31 s`, `7.0 h`.
pub(crate) fn time(millis: u64) -> String {
    match millis {
        0..1_000 => format!("{millis} ms"),
        1_000..120_000 => format!("{:.2} s", millis as f64 / 1e3),
        120_000..7_200_000 => format!("{:.0} min", millis as f64 / 6e4),
        _ => format!("{:.1} h", millis as f64 / 3.6e6),
    }
}

/// `420 B`, `4.2 kB`, `42.0 kB`.
pub(crate) fn bytes(n: u64) -> String {
    match n {
        0..1_000 => format!("{n} B"),
        1_000..1_000_000 => format!("{:.1} kB", n as f64 / 1e3),
        _ => format!("{:.2} MB", n as f64 / 1e6),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_middle_of_many() {
        assert_eq!(percentile(&mut [], 50), 0);
        assert_eq!(percentile(&mut [7], 99), 7);
        assert_eq!(percentile(&mut [3, 1, 2], 50), 2);
        assert_eq!(percentile(&mut (0..=100).rev().collect::<Vec<_>>(), 99), 99);
    }

    #[test]
    fn figures_in_words() {
        assert_eq!([time(850), time(2_310), time(7_200_000)], ["850 ms", "2.31 s", "2.0 h"]);
        assert_eq!([bytes(420), bytes(4_200), bytes(4_200_000)], ["420 B", "4.2 kB", "4.20 MB"]);
    }
}
