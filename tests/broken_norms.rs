//! The laws of norms against norms that break them: a law that no fault turns red would prove nothing.

use std::collections::BTreeSet;

use heavynorm::norms::{frobenius::Frobenius, max_entry::MaxEntry, spectral::Spectral};
use heavynorm::spec::laws::{NormSample, norm_laws};
use heavynorm::spec::{
    Ball, Dimensions, Matrix, MomentOrder, NoiseType, Norm, NormError, NormLabel, ZeroRespecting,
};
use heavynorm::tol;
use quickcheck::{Arbitrary, Gen};

const SAMPLES: usize = 60;

type Inner = Box<dyn Norm<f64>>;

/// One mistake that an implementation may make.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    None,
    /// K_p is 0/0 from below.
    NanNoiseType,
    /// K_p is below 1.
    SmallNoiseType,
    /// The value is NaN where an excess is measured: on the unit sphere.
    NanOnTheSphere,
    /// The dual value is NaN.
    NanDual,
    /// The value of zero is NaN.
    NanAtZero,
    /// The circumradius is half of what it is.
    Circumradius,
    /// The inradius is twice what it is.
    Inradius,
    /// The dual norm is half of what it is.
    ShortDual,
    /// The lmo ends 1e-6 inside the ball.
    ShortLmo,
    /// The lmo ends 1e-6 outside the ball.
    LongLmo,
    /// The oracle of the dual norm alone ends 1e-6 inside its ball.
    ShortDualOracle,
    /// An epsilon in the denominator of the lmo.
    Epsilon,
    /// The maximiser instead of the minimiser.
    Argmax,
    /// Values through logarithms: right to rounding, but powers of two are rounded as well.
    Logarithms,
    /// (sum sqrt|x|)^2, homogeneous but not convex.
    Concave,
    /// The norm to the power 1.01.
    Power,
    /// Twice the norm on one side of a hyperplane.
    OneSided,
    /// A direction at zero.
    MovesAtZero,
    /// Only the first column counts.
    Seminorm,
    /// The sum of the entries is added, and sign invariance claimed.
    FalseSigns,
    /// Rounding errors where S is zero.
    Leak,
    /// Infinite entries have an infinite norm instead of an error.
    AcceptsInfinity,
    /// NaN is taken for zero in the dual norm.
    AcceptsNan,
}

use Fault::*;

/// Every fault with laws that must find it.
const EXPECTED: &[(Fault, &[&str])] = &[
    (NanNoiseType, &["noise type"]),
    (SmallNoiseType, &["noise type"]),
    (NanOnTheSphere, &["feasibility", "dual oracle"]),
    (
        NanDual,
        &["attainment", "homogeneity", "triangle", "Hoelder", "duality", "radii", "signs", "definiteness"],
    ),
    (NanAtZero, &["zero"]),
    (Circumradius, &["radii"]),
    (Inradius, &["radii"]),
    (ShortDual, &["attainment", "Hoelder", "duality"]),
    (ShortLmo, &["attainment", "scale invariance"]),
    (LongLmo, &["feasibility"]),
    (ShortDualOracle, &["dual oracle"]),
    (Epsilon, &["attainment", "binary scaling", "scale invariance"]),
    (Argmax, &["attainment", "scale invariance"]),
    (Logarithms, &["binary scaling"]),
    (Concave, &["triangle"]),
    (Power, &["homogeneity"]),
    (OneSided, &["homogeneity"]),
    (MovesAtZero, &["zero"]),
    (Seminorm, &["definiteness"]),
    (FalseSigns, &["signs"]),
    (Leak, &["zeros"]),
    (AcceptsInfinity, &["refusal"]),
    (AcceptsNan, &["refusal"]),
];

/// A norm with a fault.
#[derive(Debug)]
struct Broken {
    fault: Fault,
    norm: Inner,
    /// The dual of a dual is the norm again.
    is_dual: bool,
}

impl Broken {
    fn new(fault: Fault, norm: Inner) -> Self {
        Self { fault, norm, is_dual: false }
    }
}

fn filled(x: &Matrix<f64>, bad: impl Fn(f64) -> bool) -> Matrix<f64> {
    x.map(|x| if bad(x) { 0.0 } else { x })
}

impl Norm<f64> for Broken {
    fn label(&self) -> NormLabel {
        NormLabel::new(format!("{:?}({})", self.fault, self.norm.label()))
    }
    fn value(&self, x: &Matrix<f64>) -> Result<f64, NormError> {
        let infinite = x.entries().any(f64::is_infinite) && !x.entries().any(f64::is_nan);
        if self.fault == AcceptsInfinity && infinite {
            return Ok(f64::INFINITY);
        }
        let value = self.norm.value(x)?;
        Ok(match self.fault {
            NanOnTheSphere if (value - 1.0).abs() < 1e-9 => f64::NAN,
            NanAtZero if value == 0.0 => f64::NAN,
            Logarithms if value != 0.0 => value.ln().exp(),
            Concave => x.entries().map(|x| x.abs().sqrt()).sum::<f64>().powi(2),
            Power => value.powf(1.01),
            OneSided if x[(0, 0)] < 0.0 => 2.0 * value,
            Seminorm => self.norm.value(&Matrix::from_fn(x.nrows(), 1, |i, _| x[(i, 0)]))?,
            FalseSigns => value + x.entries().sum::<f64>().abs(),
            _ => value,
        })
    }
    fn dual_value(&self, s: &Matrix<f64>) -> Result<f64, NormError> {
        if self.fault == AcceptsNan {
            return self.norm.dual_value(&filled(s, f64::is_nan));
        }
        let dual = self.norm.dual_value(s)?;
        Ok(match self.fault {
            NanDual => f64::NAN,
            ShortDual => 0.5 * dual,
            _ => dual,
        })
    }
    fn lmo(&self, s: &Matrix<f64>) -> Result<Matrix<f64>, NormError> {
        let direction = self.norm.lmo(s)?;
        Ok(match self.fault {
            ShortLmo => &direction * (1.0 - 1e-6),
            ShortDualOracle if self.is_dual => &direction * (1.0 - 1e-6),
            LongLmo => &direction * (1.0 + 1e-6),
            Epsilon => {
                let dual = self.norm.dual_value(s)?;
                &direction * (dual / (dual + 1e-8))
            }
            Argmax => -&direction,
            Leak if !s.is_zero() => Matrix::from_fn(s.nrows(), s.ncols(), |i, j| {
                if s[(i, j)] == 0.0 { direction[(i, j)] + 1e-200 } else { direction[(i, j)] }
            }),
            MovesAtZero if s.is_zero() => s.map(|_| 1e-3),
            _ => direction,
        })
    }
    fn dual(&self) -> Box<dyn Norm<f64>> {
        Box::new(Self { fault: self.fault, norm: self.norm.dual(), is_dual: !self.is_dual })
    }
    fn noise_type(&self, dimensions: Dimensions, p: MomentOrder) -> Result<NoiseType, NormError> {
        let bounds = self.norm.noise_type(dimensions, p)?;
        Ok(match self.fault {
            NanNoiseType => NoiseType { lower: f64::NAN, ..bounds },
            SmallNoiseType => NoiseType { lower: 0.999, ..bounds },
            _ => bounds,
        })
    }
    fn ball(&self, dimensions: Dimensions) -> Result<Ball, NormError> {
        let ball = self.norm.ball(dimensions)?;
        Ok(match self.fault {
            Circumradius => Ball { circumradius: 0.5 * ball.circumradius, ..ball },
            Inradius => Ball { inradius: 2.0 * ball.inradius, ..ball },
            _ => ball,
        })
    }
    fn is_sign_invariant(&self) -> bool {
        true
    }
    fn zero_respecting(&self) -> ZeroRespecting {
        self.norm.zero_respecting()
    }
}

/// The laws that some sample breaks. An error instead of an answer is no verdict of a law.
fn broken_laws(fault: Fault, norm: Inner) -> BTreeSet<&'static str> {
    let norm = Broken::new(fault, norm);
    let mut g = Gen::from_size_and_seed(16, 20_260_518);
    let mut red = BTreeSet::new();
    for _ in 0..SAMPLES {
        let sample = NormSample::arbitrary(&mut g);
        let tolerance = tol::rounding::<f64>(sample.s.dimensions().unwrap());
        for law in norm_laws() {
            let violation = (law.violation)(&norm, &sample).unwrap();
            // As the tests of the registered norms have it: NaN is no number up to the tolerance.
            let holds = violation <= tolerance;
            if !holds {
                red.insert(law.name);
            }
        }
    }
    red
}

fn norms() -> [Inner; 3] {
    [Box::new(Frobenius), Box::new(Spectral), Box::new(MaxEntry)]
}

#[test]
fn a_norm_without_a_fault_breaks_no_law() {
    for norm in norms() {
        assert_eq!(broken_laws(Fault::None, norm), BTreeSet::new());
    }
}

#[test]
fn every_fault_is_found_by_the_laws_that_it_breaks() {
    for (fault, laws) in EXPECTED {
        for norm in norms() {
            let label = norm.label();
            let red = broken_laws(*fault, norm);
            for law in *laws {
                assert!(red.contains(law), "{law} does not find {fault:?} in {label}; found by {red:?}");
            }
        }
    }
}

#[test]
fn every_law_finds_a_fault() {
    let all: BTreeSet<&str> = norm_laws::<f64>().iter().map(|law| law.name).collect();
    let red: BTreeSet<&str> =
        EXPECTED.iter().flat_map(|(fault, _)| broken_laws(*fault, Box::new(Spectral))).collect();
    assert_eq!(red, all);
}
