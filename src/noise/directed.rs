//! Noise = scale x scalar law x direction, and how its scale is chosen.

use std::sync::Arc;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use thiserror::Error;

use super::{Direction, Moment, Noise, ScalarLaw};
use crate::registry::{self, ConfigError};
use crate::seed::Rng;
use crate::spec::{Dimensions, FiniteLaw, Matrix, MomentOrder, NoiseScale, Norm, NormError, Scalar};

/// Why a noise could not be made.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum NoiseError {
    /// A parameter is outside its range.
    #[error("{law}: {parameter} must be {must_be}, not {value}")]
    OutOfRange {
        /// The law's name.
        law: &'static str,
        /// The parameter as in TOML.
        parameter: &'static str,
        /// The range in words.
        must_be: &'static str,
        /// The value found.
        value: f64,
    },
    /// The moment that should become sigma^p is infinite.
    #[error(
        "{law} has an infinite moment of order {p}, no scale makes it sigma^p; take a smaller p or a lighter tail"
    )]
    InfiniteMoment {
        /// The law's label.
        law: String,
        /// The order.
        p: f64,
    },
    /// The norm gave no answer.
    #[error(transparent)]
    Norm(#[from] NormError),
}

impl From<NoiseError> for ConfigError {
    fn from(error: NoiseError) -> Self {
        match error {
            NoiseError::OutOfRange { law, parameter, must_be, value } => {
                Self::OutOfRange { name: law.into(), parameter, must_be, value }
            }
            NoiseError::InfiniteMoment { .. } => Self::Data(error.to_string()),
            NoiseError::Norm(error) => Self::Norm(error),
        }
    }
}

/// N = scale * (a scalar law laid out along a direction).
///
/// E||N||_*^p = scale^p times the moment at scale 1, see [`Direction::dual_moment`].
#[derive(Debug, Clone)]
pub struct DirectedNoise {
    law: Arc<dyn ScalarLaw>,
    direction: Direction,
    scale: f64,
    dimensions: Dimensions,
}

impl DirectedNoise {
    /// Noise of a given scale (zero is allowed).
    ///
    /// # Errors
    /// [`NoiseError::OutOfRange`] unless 0 <= scale < inf.
    pub fn new(
        law: Arc<dyn ScalarLaw>,
        direction: Direction,
        scale: f64,
        dimensions: Dimensions,
    ) -> Result<Self, NoiseError> {
        if !(scale.is_finite() && scale >= 0.0) {
            let must_be = "finite and at least 0";
            return Err(NoiseError::OutOfRange { law: "noise", parameter: "scale", must_be, value: scale });
        }
        Ok(Self { law, direction, scale, dimensions })
    }

    /// Noise whose moment E||N||_*^p, as [`Noise::dual_moment`] states it in the dual of `norm`, is sigma^p.
    ///
    /// Where the moment is an upper bound, sigma^p bounds the true moment.
    ///
    /// # Errors
    /// [`NoiseError::InfiniteMoment`] if no scale does it, and the errors of the norm.
    pub fn calibrated<T: Scalar>(
        law: Arc<dyn ScalarLaw>,
        direction: Direction,
        dimensions: Dimensions,
        norm: &dyn Norm<T>,
        p: MomentOrder,
        sigma: NoiseScale,
    ) -> Result<Self, NoiseError> {
        match direction.dual_moment(&*law, dimensions, norm, p)? {
            Moment::Infinite => Err(NoiseError::InfiniteMoment { law: law.label(), p: p.p() }),
            Moment::Exact(m) | Moment::UpperBound(m) => {
                Self::new(law, direction, sigma.sigma() * m.powf(-1.0 / p.p()), dimensions)
            }
        }
    }

    /// The factor in front of the law.
    pub fn scale(&self) -> f64 {
        self.scale
    }
}

impl<T: Scalar> Noise<T> for DirectedNoise {
    fn label(&self) -> String {
        format!("{} {} scale={}", self.law.label(), self.direction.name(), self.scale)
    }

    fn dimensions(&self) -> Dimensions {
        self.dimensions
    }

    fn sample(&self, rng: &mut Rng) -> Matrix<T> {
        &self.direction.sample(&*self.law, self.dimensions, rng) * T::from_f64(self.scale)
    }

    fn dual_moment(&self, norm: &dyn Norm<T>, p: MomentOrder) -> Result<Moment, NormError> {
        if self.scale == 0.0 {
            return Ok(Moment::Exact(0.0));
        }
        let at_scale_one = self.direction.dual_moment(&*self.law, self.dimensions, norm, p)?;
        Ok(at_scale_one.map(|m| self.scale.powf(p.p()) * m))
    }

    fn finite_law(&self) -> Option<FiniteLaw<T>> {
        let at_scale_one = self.direction.finite_law(&*self.law, self.dimensions)?;
        let scale = T::from_f64(self.scale);
        let outcomes = at_scale_one.outcomes().iter().map(|(q, n)| (*q, n * scale));
        Some(FiniteLaw::new(outcomes.collect()))
    }
}

/// The keys that every law shares.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Common {
    direction: Direction,
    scale: Option<f64>,
    sigma: Option<f64>,
    p: Option<f64>,
}

/// Reads `direction`, `scale` or `sigma` and `p`, and the law's own keys.
pub(super) fn build<T: Scalar, C: DeserializeOwned, L: ScalarLaw + 'static>(
    name: &'static str,
    table: &toml::Table,
    dimensions: Dimensions,
    norm: &dyn Norm<T>,
    law: impl FnOnce(C) -> Result<L, NoiseError>,
) -> Result<Arc<dyn Noise<T>>, ConfigError> {
    let is_common = |key: &str| matches!(key, "direction" | "scale" | "sigma" | "p");
    let (common, own): (toml::Table, toml::Table) =
        table.clone().into_iter().partition(|(key, _)| is_common(key));
    let own: C = registry::read(name, &own).map_err(mention_common_keys)?;
    let common: Common = registry::read(name, &common)?;
    let law: Arc<dyn ScalarLaw> = Arc::new(law(own)?);
    let noise = match (common.scale, common.sigma, common.p) {
        (Some(scale), None, None) => DirectedNoise::new(law, common.direction, scale, dimensions)?,
        (None, Some(sigma), Some(p)) => {
            let (p, sigma) = (MomentOrder::new(p)?, NoiseScale::new(sigma)?);
            DirectedNoise::calibrated(law, common.direction, dimensions, norm, p, sigma)?
        }
        _ => {
            let message = "give the size either as `scale`, or as `sigma` together with `p`".into();
            return Err(ConfigError::Table { name: name.into(), message });
        }
    };
    Ok(Arc::new(noise))
}

fn mention_common_keys(error: ConfigError) -> ConfigError {
    match error {
        ConfigError::Table { name, message } => ConfigError::Table {
            name,
            message: format!("{message} (every noise also takes direction, scale, sigma, p)"),
        },
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use rand::RngExt as _;

    use super::*;
    use crate::family::Known;
    use crate::noise::{self, law::checks};
    use crate::norms::{self, frobenius::Frobenius, spectral::Spectral};
    use crate::seed::stream;

    fn space(m: usize, n: usize) -> Dimensions {
        Dimensions::new(m, n).unwrap()
    }

    fn order(p: f64) -> MomentOrder {
        MomentOrder::new(p).unwrap()
    }

    /// X = +-1 or +-3 with probabilities 1/8 each, else 0: every moment of every direction can be enumerated.
    #[derive(Debug)]
    struct FiveValues;

    const FIVE_VALUES: [(f64, f64); 5] =
        [(0.5, 0.0), (0.125, 1.0), (0.125, -1.0), (0.125, 3.0), (0.125, -3.0)];

    impl ScalarLaw for FiveValues {
        fn label(&self) -> String {
            "five-values".into()
        }
        fn sample(&self, rng: &mut Rng) -> f64 {
            FIVE_VALUES[[0, 0, 0, 0, 1, 2, 3, 4][rng.random_range(0..8_usize)]].1
        }
        fn absolute_moment(&self, s: f64) -> f64 {
            FIVE_VALUES.iter().filter(|(_, x)| *x != 0.0).map(|(q, x)| q * x.abs().powf(s)).sum()
        }
        fn outcomes(&self) -> Option<Vec<(f64, f64)>> {
            Some(FIVE_VALUES.to_vec())
        }
    }

    /// E||N||_*^p by its definition.
    fn enumerated(direction: Direction, d: Dimensions, norm: &dyn Norm<f64>, p: f64) -> f64 {
        let law = direction.finite_law::<f64>(&FiveValues, d).unwrap();
        law.dual_moment(norm, order(p), &Matrix::zeros(d.rows(), d.columns())).unwrap()
    }

    #[test]
    fn every_moment_is_exact_or_above_the_enumerated_one() {
        let (mut exact, mut bounds, mut worst) = (0, 0, 1.0_f64);
        for direction in Direction::ALL {
            for d in [space(1, 1), space(1, 3), space(2, 2), space(2, 3), space(3, 1)] {
                if direction == Direction::Full && d.entries() > 4 {
                    continue;
                }
                for norm in norms::all_on(d) {
                    for p in [1.2, 1.5, 2.0] {
                        let truth = enumerated(direction, d, &norm, p);
                        let claimed = direction.dual_moment::<f64>(&FiveValues, d, &norm, order(p)).unwrap();
                        let case =
                            format!("{direction:?} {d} {} p={p}: {claimed:?} vs {truth}", norm.label());
                        match claimed {
                            Moment::Exact(m) => {
                                exact += 1;
                                assert!((m - truth).abs() <= 1e-12 * truth, "{case}");
                            }
                            Moment::UpperBound(m) => {
                                bounds += 1;
                                worst = worst.max(m / truth);
                                assert!(m >= truth * (1.0 - 1e-12), "{case}");
                            }
                            Moment::Infinite => panic!("{case}"),
                        }
                        use Direction::{Column, RankOne, Spike};
                        let is_closed = [RankOne, Spike, Column].contains(&direction)
                            || d.entries() == 1
                            || p == 2.0 && ["frobenius", "max-entry"].contains(&norm.label().as_str())
                            || p == 2.0
                                && norm.label().as_str() == "spectral"
                                && direction == Direction::Diagonal;
                        assert!(!is_closed || claimed.is_exact(), "{case}");
                    }
                }
            }
        }
        // Each side of the test is used, and no bound is absurd.
        assert!(exact > 200 && bounds > 50 && worst < 8.0, "{exact} {bounds} {worst}");
    }

    /// Gated signs have formulas of their own for l_b norms of many numbers.
    #[test]
    fn gated_signs_have_exact_moments_wherever_a_norm_sees_independent_numbers() {
        let mut exact = 0;
        for (q, direction) in [0.3, 1.0].into_iter().flat_map(|q| Direction::ALL.map(|d| (q, d))) {
            let law = noise::BernoulliGated::new(q).unwrap();
            for d in [space(1, 3), space(2, 2), space(3, 2)] {
                let finite = direction.finite_law::<f64>(&law, d).unwrap();
                let zero = Matrix::zeros(d.rows(), d.columns());
                // Sums of up to 3^6 products.
                assert!(finite.expectation().max_abs() < 1e-13);
                for norm in norms::all_on(d) {
                    for p in [1.2, 2.0] {
                        let truth = finite.dual_moment(&norm, order(p), &zero).unwrap();
                        let claimed = direction.dual_moment::<f64>(&law, d, &norm, order(p)).unwrap();
                        let case =
                            format!("q={q} {direction:?} {d} {} p={p}: {claimed:?} {truth}", norm.label());
                        exact += usize::from(claimed.is_exact());
                        assert!(claimed.bound() >= truth * (1.0 - 1e-12), "{case}");
                        assert!(!claimed.is_exact() || claimed.bound() <= truth * (1.0 + 1e-12), "{case}");
                        let known = Known::find(&norm.label(), d).is_some();
                        assert!(!known || direction != Direction::Diagonal || claimed.is_exact(), "{case}");
                    }
                }
            }
        }
        assert!(exact > 500, "{exact}");
    }

    #[test]
    fn samples_are_the_listed_outcomes_as_often_as_listed() {
        for (direction, d) in Direction::ALL.into_iter().flat_map(|k| [(k, space(2, 1)), (k, space(2, 2))]) {
            let law = direction.finite_law::<f64>(&FiveValues, d).unwrap();
            let noise = DirectedNoise::new(Arc::new(FiveValues), direction, 1.0, d).unwrap();
            let key = |x: &Matrix<f64>| x.entries().map(|e| (e + 0.0).to_bits()).collect::<Vec<_>>();
            let mut listed = HashMap::new();
            for (q, x) in law.outcomes() {
                *listed.entry(key(x)).or_insert(0.0) += q;
            }
            let (mut rng, draws) = (stream(6, 0), 20_000);
            let mut drawn = HashMap::new();
            for _ in 0..draws {
                *drawn.entry(key(&noise.sample(&mut rng))).or_insert(0.0) += 1.0;
            }
            assert!(
                drawn.keys().all(|x| listed.contains_key(x)),
                "{direction:?}: an outcome that is not listed"
            );
            // Hoeffding for each of at most 625 shares at 1e-10.
            let threshold = (2e10_f64.ln() / (2.0 * f64::from(draws))).sqrt();
            for (x, q) in listed {
                let share = drawn.get(&x).unwrap_or(&0.0) / f64::from(draws);
                assert!((share - q).abs() <= threshold, "{direction:?} {d}: {share} for {q}");
            }
        }
    }

    #[test]
    fn laws_without_a_list_or_with_a_long_one_are_not_listed() {
        let gaussian = noise::gaussian::Gaussian;
        assert!(Direction::Full.finite_law::<f64>(&gaussian, space(1, 1)).is_none());
        assert!(Direction::Full.finite_law::<f64>(&FiveValues, space(2, 4)).is_none());
        assert!(Direction::Full.finite_law::<f64>(&FiveValues, space(1000, 1000)).is_none());
        let spikes = Direction::Spike.finite_law::<f64>(&FiveValues, space(40, 50)).unwrap();
        assert_eq!(spikes.outcomes().len(), 200);
    }

    /// On large spaces a norm whose signs matter gets bounds instead of enumerations.
    #[test]
    fn a_column_in_a_norm_that_feels_signs_is_bounded_where_it_cannot_be_listed() {
        let d = space(12, 2);
        let norms = norms::all_on(d);
        let norm = norms.last().unwrap();
        assert!(!norm.is_sign_invariant());
        let moment = Direction::Column.dual_moment::<f64>(&FiveValues, d, norm, order(1.5)).unwrap();
        let truth = enumerated(Direction::Column, d, norm, 1.5);
        let case = format!("{moment:?} for {truth}");
        assert!(!moment.is_exact() && moment.bound() >= truth && moment.bound() <= 3.0 * truth, "{case}");
    }

    #[test]
    fn the_same_bounds_hold_on_two_by_three_with_independent_entries() {
        for norm in norms::chosen_on(space(2, 3), &["spectral", "nuclear", "max-col-l2", "dual(nuclear)"]) {
            let truth = enumerated(Direction::Full, space(2, 3), &norm, 1.5);
            let claimed =
                Direction::Full.dual_moment::<f64>(&FiveValues, space(2, 3), &norm, order(1.5)).unwrap();
            assert!(
                claimed.bound() >= truth && claimed.bound() <= 3.0 * truth,
                "{norm:?} {claimed:?} {truth}"
            );
        }
    }

    #[test]
    fn gaussian_entries_have_the_chi_moment_in_frobenius() {
        let m = Direction::Full
            .dual_moment::<f64>(&noise::gaussian::Gaussian, space(5, 7), &Frobenius, order(1.5))
            .unwrap();
        // 2^{3/4} Gamma(18.25)/Gamma(17.5), mpmath.
        checks::close(m.bound(), 14.313_167_912_879_326);
        assert!(m.is_exact());
    }

    #[test]
    fn a_moment_is_infinite_exactly_from_the_tail_index_on() {
        let law = noise::pareto::Pareto::new(1.5).unwrap();
        for direction in Direction::ALL {
            for norm in norms::all_on(space(3, 4)) {
                let moment = |p| direction.dual_moment::<f64>(&law, space(3, 4), &norm, order(p)).unwrap();
                assert_eq!(moment(1.5), Moment::Infinite);
                assert_eq!(moment(2.0), Moment::Infinite);
                assert!(moment(1.499).bound().is_finite());
            }
        }
    }

    #[test]
    fn calibrated_noise_has_the_moment_asked_for() {
        let law: Arc<dyn ScalarLaw> = Arc::new(noise::pareto::Pareto::new(1.6).unwrap());
        for direction in Direction::ALL {
            for norm in norms::all_on(space(3, 4)) {
                let sigma = NoiseScale::new(0.7).unwrap();
                let noise = DirectedNoise::calibrated::<f64>(
                    law.clone(),
                    direction,
                    space(3, 4),
                    &norm,
                    order(1.5),
                    sigma,
                )
                .unwrap();
                let moment = noise.dual_moment(&norm, order(1.5)).unwrap();
                checks::close(moment.bound(), 0.7f64.powf(1.5));
                checks::close(moment.noise_scale(order(1.5)).unwrap().sigma(), 0.7);
            }
        }
        let refused = DirectedNoise::calibrated::<f64>(
            law,
            Direction::Full,
            space(3, 4),
            &Spectral,
            order(1.7),
            NoiseScale::new(1.0).unwrap(),
        );
        assert!(matches!(refused, Err(NoiseError::InfiniteMoment { .. })));
    }

    /// Six standard errors of the sample mean, with the sample's own variance: laws with enough moments only.
    fn sample_moment(noise: &DirectedNoise, norm: &dyn Norm<f64>, p: f64, draws: usize) -> (f64, f64) {
        let mut rng = stream(5, 1);
        let powers: Vec<f64> =
            (0..draws).map(|_| norm.dual_value(&noise.sample(&mut rng)).unwrap().powf(p)).collect();
        let n = draws as f64;
        let mean = powers.iter().sum::<f64>() / n;
        let variance = powers.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / (n - 1.0);
        (mean, 6.0 * (variance / n).sqrt())
    }

    #[test]
    fn samples_of_every_direction_have_the_stated_moment() {
        let laws: [Arc<dyn ScalarLaw>; 2] =
            [Arc::new(noise::gaussian::Gaussian), Arc::new(noise::student_t::StudentT::new(9.0).unwrap())];
        for (law, direction) in laws.iter().flat_map(|l| Direction::ALL.map(|d| (l, d))) {
            let noise = DirectedNoise::new(law.clone(), direction, 0.8, space(3, 5)).unwrap();
            for norm in norms::chosen_on(space(3, 5), &["spectral", "frobenius", "max-entry", "weighted"]) {
                for p in [1.5, 2.0] {
                    let (mean, error) = sample_moment(&noise, &norm, p, 1500);
                    let claimed = noise.dual_moment(&norm, order(p)).unwrap();
                    let case = format!(
                        "{law:?} {direction:?} {} p={p}: {mean} +- {error} vs {claimed:?}",
                        norm.label()
                    );
                    assert!(mean <= claimed.bound() + error, "{case}");
                    assert!(!claimed.is_exact() || mean >= claimed.bound() - error, "{case}");
                }
            }
        }
    }

    #[test]
    fn on_a_large_space_rank_one_is_exact_and_bounds_are_close_to_the_sample_mean() {
        let law: Arc<dyn ScalarLaw> = Arc::new(noise::gaussian::Gaussian);
        for direction in Direction::ALL {
            let noise = DirectedNoise::new(law.clone(), direction, 1.0, space(10, 64)).unwrap();
            for norm in
                norms::chosen_on(space(10, 64), &["spectral", "frobenius", "max-entry", "dual(nuclear)"])
            {
                let claimed = noise.dual_moment(&norm, order(1.5)).unwrap();
                let (mean, error) = sample_moment(&noise, &norm, 1.5, 150);
                let case = format!("{direction:?} {}: {mean} +- {error} vs {claimed:?}", norm.label());
                assert!(mean - error <= claimed.bound(), "{case}");
                // 1.06 was the worst ratio over many draws; a norm that nobody knows pays more.
                assert!(
                    norm.label().as_str() == "dual(nuclear)" || claimed.bound() <= 1.1 * (mean + error),
                    "{case}"
                );
                use Direction::{Column, RankOne, Spike};
                assert!(![RankOne, Spike, Column].contains(&direction) || claimed.is_exact(), "{case}");
            }
        }
    }

    #[test]
    fn a_rank_one_sample_has_rank_one_and_flat_entries() {
        let law = Arc::new(noise::pareto::Pareto::new(1.6).unwrap());
        let noise = DirectedNoise::new(law, Direction::RankOne, 1.0, space(3, 4)).unwrap();
        let mut rng = stream(1, 0);
        let mut patterns = std::collections::HashSet::new();
        for _ in 0..2000 {
            let x: Matrix<f64> = noise.sample(&mut rng);
            let size = x[(0, 0)].abs();
            assert!(x.entries().all(|e| e.abs() == size) && size * 12f64.sqrt() >= 1.0 - 1e-15);
            for i in 0..3 {
                for j in 0..4 {
                    assert_eq!(x[(i, j)] * x[(0, 0)], x[(i, 0)] * x[(0, j)]);
                }
            }
            patterns.insert(x.entries().map(|e| e > 0.0).collect::<Vec<_>>());
        }
        // 2^{3 + 4 - 1} sign patterns, all of them drawn: a missing one has probability 64 (63/64)^2000 < 1e-11.
        assert_eq!(patterns.len(), 64);
    }

    #[test]
    fn every_example_builds_and_samples_on_its_space() {
        for entry in noise::entries::<f32>() {
            for table in (entry.examples)() {
                let noise = noise::build::<f32>(&table, space(2, 3), &Spectral).expect(entry.name);
                let x = noise.sample(&mut stream(0, 0));
                assert_eq!(x.dimensions().unwrap(), noise.dimensions());
                assert!(x.first_non_finite().is_none() && noise.label().starts_with(entry.name));
            }
        }
    }

    #[test]
    fn wrong_tables_are_refused_with_a_hint() {
        let refuse = |text: &str| {
            let table = text.parse::<toml::Table>().unwrap();
            noise::build::<f64>(&table, space(2, 3), &Spectral).unwrap_err().to_string()
        };
        assert!(refuse("name = 'parето'").contains("known are: none, gaussian"));
        assert!(refuse("tail_index = 1").contains("name"));
        let pareto = "name = 'pareto'\ndirection = 'full'\n";
        assert!(refuse(&format!("{pareto}scale = 1")).contains("tail_index"));
        assert!(refuse(&format!("{pareto}tail_index = 1.6")).contains("sigma"));
        assert!(refuse(&format!("{pareto}tail_index = 1.6\nscale = 1\np = 1.5")).contains("either"));
        assert!(refuse(&format!("{pareto}tail_index = 1.6\nscale = -1")).contains("at least 0"));
        assert!(refuse(&format!("{pareto}tail_index = -1\nscale = 1")).contains("tail_index"));
        assert!(refuse(&format!("{pareto}tail_index = 1.6\nsigma = 1\np = 1.6")).contains("infinite"));
        assert!(refuse(&format!("{pareto}tail_index = 1.6\nsigma = 1\np = 2.5")).contains("p <= 2"));
        assert!(refuse(&format!("{pareto}tail_index = 1.6\nscale = 1\ntail = 3")).contains("tail"));
        assert!(refuse("name = 'none'\nscale = 1").contains("scale"));
        assert!(refuse("name = 'gaussian'\ndirection = 'diag'\nscale = 1").contains("rank-one"));
    }
}
