//! From values to pixels: linear and logarithmic axes with round tick values.
//!
//! An axis always covers a range of positive length, whatever the data, so that nothing downstream divides by zero.

/// How values spread along an axis.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Spread {
    Linear,
    Log,
}

/// A scale between values and pixels.
#[derive(Debug, Clone, PartialEq)]
pub struct Axis {
    spread: Spread,
    low: f64,
    high: f64,
    pixels: (f64, f64),
}

/// Decades that a logarithmic axis shows at most; what lies below is drawn at its edge.
const DECADES: i32 = 5;

impl Axis {
    /// A linear axis over exactly `low..high`.
    pub fn linear(low: f64, high: f64, pixels: (f64, f64)) -> Self {
        let high = if high > low { high } else { low + 1.0 };
        Self { spread: Spread::Linear, low, high, pixels }
    }

    /// A linear axis that covers all of `values` and zero, extended to round numbers.
    pub fn covering(values: impl IntoIterator<Item = f64>, pixels: (f64, f64)) -> Self {
        let (mut low, mut high) = (0.0_f64, 0.0_f64);
        for value in values {
            low = low.min(value);
            high = high.max(value);
        }
        if high <= low {
            high = 1.0;
        }
        let step = round_step((high - low) / 5.0);
        Self::linear((low / step).floor() * step, (high / step).ceil() * step, pixels)
    }

    /// A logarithmic axis over the positive ones of `values`, from a power of ten to a power of ten.
    ///
    /// `None` if a value is negative or the positive ones span less than two decades: then a linear axis reads better.
    pub fn log_covering(values: impl IntoIterator<Item = f64>, pixels: (f64, f64)) -> Option<Self> {
        let (mut low, mut high) = (f64::INFINITY, 0.0_f64);
        for value in values {
            if value < 0.0 {
                return None;
            }
            if value > 0.0 {
                low = low.min(value);
                high = high.max(value);
            }
        }
        if !(high > 0.0 && high / low >= 100.0) {
            return None;
        }
        let top = high.log10().ceil() as i32;
        let bottom = (low.log10().floor() as i32).max(top - DECADES);
        Some(Self { spread: Spread::Log, low: 10f64.powi(bottom), high: 10f64.powi(top), pixels })
    }

    /// The same values on other pixels, such as the other direction of a plot.
    #[must_use]
    pub fn onto(&self, pixels: (f64, f64)) -> Self {
        Self { pixels, ..self.clone() }
    }

    /// The pixel of `value`, held within the axis.
    pub fn at(&self, value: f64) -> f64 {
        let value = value.clamp(self.low, self.high);
        let share = match self.spread {
            Spread::Linear => (value - self.low) / (self.high - self.low),
            Spread::Log => (value.log10() - self.low.log10()) / (self.high.log10() - self.low.log10()),
        };
        self.pixels.0 + share * (self.pixels.1 - self.pixels.0)
    }

    /// Whether the axis reaches `value`.
    pub fn holds(&self, value: f64) -> bool {
        (self.low..=self.high).contains(&value)
    }

    /// Round values to label.
    pub fn ticks(&self) -> Vec<f64> {
        match self.spread {
            Spread::Linear => {
                let step = round_step((self.high - self.low) / 5.0);
                let first = (self.low / step - 1e-9).ceil() as i64;
                let last = (self.high / step + 1e-9).floor() as i64;
                (first..=last).map(|i| i as f64 * step).collect()
            }
            Spread::Log => {
                let (low, high) = (self.low.log10().round() as i32, self.high.log10().round() as i32);
                (low..=high).map(|power| 10f64.powi(power)).collect()
            }
        }
    }

    /// Lowest value.
    pub const fn low(&self) -> f64 {
        self.low
    }

    /// Highest value.
    pub const fn high(&self) -> f64 {
        self.high
    }
}

/// The nearest 1, 2 or 5 times a power of ten at or above `raw`.
fn round_step(raw: f64) -> f64 {
    let power = 10f64.powf(raw.log10().floor());
    let lead = raw / power;
    let round = if lead <= 1.0 + 1e-9 {
        1.0
    } else if lead <= 2.0 + 1e-9 {
        2.0
    } else if lead <= 5.0 + 1e-9 {
        5.0
    } else {
        10.0
    };
    round * power
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_and_cover_the_data() {
        assert_eq!(Axis::covering([3.0, 87.0], (0.0, 100.0)).ticks(), [0.0, 20.0, 40.0, 60.0, 80.0, 100.0]);
        assert_eq!(Axis::covering([-40.0, 12.0], (0.0, 1.0)).ticks(), [-40.0, -20.0, 0.0, 20.0]);
        assert_eq!(
            Axis::log_covering([5.0, 0.0, 2500.0], (0.0, 1.0)).unwrap().ticks(),
            [1.0, 10.0, 100.0, 1000.0, 10000.0]
        );
    }

    #[test]
    fn an_axis_without_data_is_still_an_axis() {
        let axis = Axis::covering([], (10.0, 20.0));
        assert_eq!((axis.at(0.0), axis.at(1.0)), (10.0, 20.0));
        assert_eq!(Axis::linear(3.0, 3.0, (0.0, 1.0)).at(3.0), 0.0);
    }

    #[test]
    fn negative_or_narrow_data_gets_no_log_axis() {
        assert_eq!(Axis::log_covering([-1.0, 1000.0], (0.0, 1.0)), None);
        assert_eq!(Axis::log_covering([10.0, 30.0], (0.0, 1.0)), None);
        assert_eq!(Axis::log_covering([0.0, 0.0], (0.0, 1.0)), None);
        assert_eq!(Axis::log_covering([], (0.0, 1.0)), None);
    }

    #[test]
    fn values_beyond_the_axis_are_held_at_its_edge() {
        let axis = Axis::log_covering([1e-9, 100.0], (0.0, 100.0)).unwrap();
        assert_eq!(axis.low(), 1e-3);
        assert!(!axis.holds(1e-9));
        assert_eq!(axis.at(1e-9), 0.0);
        assert_eq!(axis.at(0.0), 0.0);
    }
}
