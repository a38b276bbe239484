//! Laws that every instance must obey, stated once as equations and run over every registered instance.
//!
//! A law measures by how much it is violated, relative to the natural size of its terms: 0 when it holds exactly,
//! about the unit roundoff when it holds to rounding. The tolerance is the caller's, who knows the number type.

use crate::problem::{Inequality, ProblemError};
use crate::{Dimensions, LmoCertificate, Matrix, MomentOrder, Norm, NormError, Problem, Scalar, inner};

/// What a norm law is tried on: two matrices of one shape and a binary exponent.
#[derive(Debug, Clone)]
pub struct NormSample<T: Scalar> {
    /// Plays the dual part.
    pub s: Matrix<T>,
    /// Plays the primal part; the same shape.
    pub x: Matrix<T>,
    /// Matrices are also tried multiplied by 2^exponent.
    pub exponent: i32,
}

/// A law about norms.
#[derive(Debug)]
pub struct NormLaw<T: Scalar> {
    /// A short name.
    pub name: &'static str,
    /// The law as an equation.
    pub equation: &'static str,
    /// How much it is violated on a sample: at most 0 when it holds exactly, NaN when a term was NaN (1 for a law that
    /// is answered by yes or no).
    pub violation: fn(&dyn Norm<T>, &NormSample<T>) -> Result<f64, NormError>,
}

/// All laws about norms.
pub fn norm_laws<T: Scalar>() -> Vec<NormLaw<T>> {
    macro_rules! laws {
        ($($name:literal, $equation:literal, $violation:expr;)*) => {
            vec![$(NormLaw { name: $name, equation: $equation, violation: $violation }),*]
        };
    }
    laws! {
        "attainment", "<S, lmo(S)> = -||S||_*", |norm, sample| {
            Ok(LmoCertificate::measure(norm, &sample.s, &norm.lmo(&sample.s)?)?.gap.abs())
        };
        "feasibility", "||lmo(S)|| <= 1", |norm, sample| {
            Ok(LmoCertificate::measure(norm, &sample.s, &norm.lmo(&sample.s)?)?.excess)
        };
        "zero", "||0|| = ||0||_* = 0 and lmo(0) = 0", |norm, sample| {
            let zero = Matrix::zeros(sample.s.nrows(), sample.s.ncols());
            let direction = norm.lmo(&zero)?;
            let values = [norm.value(&zero)?, norm.dual_value(&zero)?];
            Ok(worst(direction.entries().chain(values).map(|x| x.to_f64().abs())))
        };
        "definiteness", "X = 0 whenever ||X|| = 0 or ||X||_* = 0", |norm, sample| {
            // Not `== 0` alone: NaN vanishes as little as it is positive.
            let positive = [norm.value(&sample.x)?, norm.dual_value(&sample.x)?].iter().all(|v| *v > T::zero_impl());
            Ok(flag(!positive && !sample.x.is_zero()))
        };
        "binary scaling", "||2^k X|| = 2^k ||X||, ||2^k S||_* = 2^k ||S||_*, lmo(2^k S) = lmo(S), bit for bit",
            binary_scaling;
        "scale invariance", "<S, lmo(tS)> = <S, lmo(S)>, t > 0", |norm, sample| {
            // Directions may differ where a tie or a rank decision is near; what they attain may not.
            let third = T::one_impl() / T::from_f64(3.0);
            let direction = norm.lmo(&(&sample.s * third))?;
            Ok(LmoCertificate::measure(norm, &sample.s, &direction)?.gap.abs())
        };
        "homogeneity", "||tX|| = |t| ||X|| and ||tS||_* = |t| ||S||_*", |norm, sample| {
            let t = T::one_impl() / T::from_f64(3.0);
            let primal = relative(norm.value(&(&sample.x * -t))?, norm.value(&sample.x)? * t);
            let dual = relative(norm.dual_value(&(&sample.s * -t))?, norm.dual_value(&sample.s)? * t);
            Ok(worst([primal.abs(), dual.abs()]))
        };
        "triangle", "||X + Y|| <= ||X|| + ||Y||, and the same for the dual", |norm, sample| {
            let sum = &sample.x + &sample.s;
            let primal = relative(norm.value(&sum)?, norm.value(&sample.x)? + norm.value(&sample.s)?);
            let dual = relative(norm.dual_value(&sum)?, norm.dual_value(&sample.x)? + norm.dual_value(&sample.s)?);
            Ok(worst([primal, dual]))
        };
        "Hoelder", "|<S, X>| <= ||S||_* ||X||", |norm, sample| {
            let (s, x) = (normalised(&sample.s), normalised(&sample.x));
            Ok(relative(inner(&s, &x).abs(), norm.dual_value(&s)? * norm.value(&x)?))
        };
        "duality", "the dual of the dual is the norm", |norm, sample| {
            let dual = norm.dual();
            let primal = relative(dual.dual_value(&sample.x)?, norm.value(&sample.x)?);
            let back = relative(dual.dual().value(&sample.x)?, norm.value(&sample.x)?);
            let value = relative(dual.value(&sample.s)?, norm.dual_value(&sample.s)?);
            Ok(worst([primal.abs(), back.abs(), value.abs()]))
        };
        "dual oracle", "<X, lmo_*(X)> = -||X|| and ||lmo_*(X)||_* <= 1", |norm, sample| {
            let dual = norm.dual();
            let certificate = LmoCertificate::measure(&dual, &sample.x, &dual.lmo(&sample.x)?)?;
            Ok(worst([certificate.gap.abs(), certificate.excess]))
        };
        "radii", "inradius ||X|| <= ||X||_F <= circumradius ||X||, and polar for the dual", radii;
        "signs", "flipping the signs of rows and columns changes nothing, where that is claimed", |norm, sample| {
            if !norm.is_sign_invariant() {
                return Ok(0.0);
            }
            let flip = |i: usize, j: usize, x: T| if (i.is_multiple_of(2)) == (j % 3 == 1) { -x } else { x };
            let flipped =
                Matrix::from_fn(sample.x.nrows(), sample.x.ncols(), |i, j| flip(i, j, sample.x[(i, j)]));
            let primal = relative(norm.value(&flipped)?, norm.value(&sample.x)?);
            let dual = relative(norm.dual_value(&flipped)?, norm.dual_value(&sample.x)?);
            Ok(worst([primal.abs(), dual.abs()]))
        };
        "zeros", "lmo(S) has the zero rows, columns or entries of S that its class claims, exactly", |norm, sample| {
            let class = norm.zero_respecting();
            let broken = |s: &Matrix<T>| Ok::<_, NormError>(!class.keeps(&norm.lmo(s)?, s));
            let [entries, lines] = with_zeros(sample);
            Ok(flag(broken(&sample.s)? || broken(&entries)? || broken(&lines)?))
        };
        "noise type", "1 <= lower K_p <= upper K_p", |norm, sample| {
            let mut all = Vec::new();
            for p in [1.01, 1.1, 1.25, 1.5, 1.75, 2.0] {
                let p = MomentOrder::new(p).expect("inside (1, 2]");
                let k = norm.noise_type(sample.s.dimensions()?, p)?;
                all.extend([1.0 - k.lower, k.lower / k.upper - 1.0, flag(!k.upper.is_finite())]);
            }
            Ok(worst(all))
        };
        "refusal", "NaN and infinite entries are an error in every method", |norm, sample| {
            let refuses = |bad: f64| {
                let mut x = sample.x.clone();
                let last = (x.nrows() - 1, x.ncols() - 1);
                x[last] = T::from_f64(bad);
                let answers = [norm.value(&x).err(), norm.dual_value(&x).err(), norm.lmo(&x).err()];
                answers.iter().all(|e| matches!(e, Some(NormError::NonFinite { .. })))
            };
            Ok(flag(!(refuses(f64::NAN) && refuses(f64::INFINITY) && refuses(f64::NEG_INFINITY))))
        };
    }
}

fn binary_scaling<T: Scalar>(norm: &dyn Norm<T>, sample: &NormSample<T>) -> Result<f64, NormError> {
    let k = sample.exponent;
    let scaled = |m: &Matrix<T>| m.times_power_of_two(k);
    let same = norm.value(&scaled(&sample.x))? == norm.value(&sample.x)?.times_power_of_two(k)
        && norm.dual_value(&scaled(&sample.s))? == norm.dual_value(&sample.s)?.times_power_of_two(k)
        && norm.lmo(&scaled(&sample.s))? == norm.lmo(&sample.s)?;
    Ok(flag(!same))
}

/// S with some entries, and with some rows and columns, replaced by zeros.
fn with_zeros<T: Scalar>(sample: &NormSample<T>) -> [Matrix<T>; 2] {
    let (s, k) = (&sample.s, sample.exponent.unsigned_abs() as usize);
    let masked = |zero: &dyn Fn(usize, usize) -> bool| {
        let keep = |i, j| if zero(i, j) { T::zero_impl() } else { s[(i, j)] };
        Matrix::from_fn(s.nrows(), s.ncols(), keep)
    };
    [
        masked(&|i, j| (5 * i + 3 * j + k).is_multiple_of(4)),
        masked(&|i, j| (i + k) % 3 == 1 || (j + k) % 4 == 2),
    ]
}

fn radii<T: Scalar>(norm: &dyn Norm<T>, sample: &NormSample<T>) -> Result<f64, NormError> {
    let dimensions = sample.x.dimensions()?;
    let x = normalised(&sample.x);
    let frobenius = inner(&x, &x).to_f64().sqrt();
    let violation = |ball: crate::Ball, value: f64| {
        let inner = ball.inradius * value / frobenius - 1.0;
        worst([inner, frobenius / (ball.circumradius * value) - 1.0])
    };
    if x.is_zero() {
        return Ok(0.0);
    }
    let primal = violation(norm.ball(dimensions)?, norm.value(&x)?.to_f64());
    let dual = violation(norm.ball(dimensions)?.polar(), norm.dual_value(&x)?.to_f64());
    let own = violation(norm.dual().ball(dimensions)?, norm.dual_value(&x)?.to_f64());
    Ok(worst([primal, dual, own]))
}

/// The largest of some violations, NaN if one of them is: `f64::max` would pass over it.
fn worst(violations: impl IntoIterator<Item = f64>) -> f64 {
    let larger = |worst: f64, next: f64| if worst.is_nan() || next <= worst { worst } else { next };
    violations.into_iter().fold(f64::NEG_INFINITY, larger)
}

/// 1 when broken, 0 when not.
fn flag(broken: bool) -> f64 {
    if broken { 1.0 } else { 0.0 }
}

/// (a - b)/b, and 0 when both vanish.
fn relative<T: Scalar>(a: T, b: T) -> f64 {
    if a == b { 0.0 } else { (a - b).to_f64() / b.to_f64() }
}

/// The matrix times the power of two that brings its largest entry near 1, so that products stay in range.
fn normalised<T: Scalar>(x: &Matrix<T>) -> Matrix<T> {
    if x.is_zero() { x.clone() } else { x.times_power_of_two(-x.max_abs().binary_exponent()) }
}

/// What a problem law is tried on: two points of the problem's region, a direction and the norm of the class.
///
/// Differences step away from X by a millionth of its size and a bit: a region's edge should be further away.
#[derive(Debug)]
pub struct ProblemSample<'a> {
    /// A point.
    pub x: &'a Matrix<f64>,
    /// Another point.
    pub y: &'a Matrix<f64>,
    /// A direction.
    pub z: &'a Matrix<f64>,
    /// The norm in which the constants are stated.
    pub norm: &'a dyn Norm<f64>,
    /// The Frobenius norm, in which differences are estimated.
    pub frobenius: &'a dyn Norm<f64>,
}

/// A law about problems: an inequality that must hold at every sample.
#[derive(Debug)]
pub struct ProblemLaw {
    /// A short name.
    pub name: &'static str,
    /// The law as a formula.
    pub formula: &'static str,
    /// Both sides on a sample; differences carry their own truncation and rounding errors on the right.
    pub sides: fn(&dyn Problem<f64>, &ProblemSample<'_>) -> Result<Inequality, ProblemError>,
}

/// All laws about problems.
pub fn problem_laws() -> Vec<ProblemLaw> {
    vec![
        ProblemLaw {
            name: "A1",
            formula: "inf f <= f(X)",
            sides: |problem, sample| Ok(crate::problem::a1_infimum(problem, sample.x)),
        },
        ProblemLaw {
            name: "A2",
            formula: "||grad f(X) - grad f(Y)||_* <= L||X - Y||",
            sides: |problem, s| crate::problem::a2_smoothness(problem, s.norm, s.x, s.y),
        },
        ProblemLaw {
            name: "A4",
            formula: "||(D^2 f(X) - D^2 f(Y))[Z]||_* <= rho||X - Y|| ||Z||",
            sides: |problem, s| crate::problem::a4_hessian_lipschitz(problem, s.norm, s.x, s.y, s.z),
        },
        ProblemLaw {
            name: "descent",
            formula: "f(Y) <= f(X) + <grad f(X), Y - X> + (L/2)||Y - X||^2",
            sides: |problem, s| crate::problem::descent_lemma(problem, s.norm, s.x, s.y),
        },
        ProblemLaw {
            name: "gradient",
            formula: "(f(X + hZ) - f(X - hZ))/(2h) = <grad f(X), Z> up to rho h^2/6 and rounding",
            sides: gradient_by_differences,
        },
        ProblemLaw {
            name: "Hessian",
            formula: "(grad f(X + hZ) - grad f(X))/h = D^2 f(X)[Z] up to rho h/2 and rounding",
            sides: hessian_by_differences,
        },
        ProblemLaw {
            name: "symmetry",
            formula: "<Y, D^2 f(X)[Z]> = <Z, D^2 f(X)[Y]>",
            sides: |problem, s| {
                let left = inner(s.y, &problem.hessian_action(s.x, s.z));
                let right = inner(s.z, &problem.hessian_action(s.x, s.y));
                // Not the size of the action: where the Hessian nearly vanishes that is all cancellation.
                let l = problem.smoothness(s.frobenius)?.in_norm(s.frobenius)?;
                let size = l * s.frobenius.value(s.y)? * s.frobenius.value(s.z)?;
                Ok(Inequality { left: (left - right).abs(), right: rounding(problem.dimensions()) * size })
            },
        },
    ]
}

/// Relative rounding error granted to one evaluation of an objective, a gradient or a Hessian action.
///
/// Each is a few nested sums over at most a few thousand terms: 1e4 u covers them.
fn rounding(dimensions: Dimensions) -> f64 {
    1e4 * (dimensions.entries() as f64).sqrt() * f64::EPSILON
}

/// A step of Frobenius length `length` along Z.
fn along(z: &Matrix<f64>, length: f64, frobenius: &dyn Norm<f64>) -> Result<Matrix<f64>, NormError> {
    let size = frobenius.value(z)?;
    Ok(if size == 0.0 { z.clone() } else { z * (length / size) })
}

fn gradient_by_differences(
    problem: &dyn Problem<f64>,
    sample: &ProblemSample<'_>,
) -> Result<Inequality, ProblemError> {
    // The truncation error rho h^3/6 and the rounding error u|f| meet near h = u^{1/3}.
    let h = 1e-5 * (1.0 + sample.x.max_abs());
    let step = along(sample.z, h, sample.frobenius)?;
    let (up, down) = (problem.objective(&(sample.x + &step)), problem.objective(&(sample.x - &step)));
    let rho = problem.hessian_lipschitz(sample.frobenius)?.in_norm(sample.frobenius)?;
    let gradient = problem.gradient(sample.x);
    let predicted = 2.0 * inner(&gradient, &step);
    let size = up.abs() + down.abs() + h * sample.frobenius.value(&gradient)?;
    Ok(Inequality {
        left: (up - down - predicted).abs(),
        right: rho * h.powi(3) / 3.0 + rounding(problem.dimensions()) * size,
    })
}

fn hessian_by_differences(
    problem: &dyn Problem<f64>,
    sample: &ProblemSample<'_>,
) -> Result<Inequality, ProblemError> {
    let h = 1e-6 * (1.0 + sample.x.max_abs());
    let step = along(sample.z, h, sample.frobenius)?;
    let (here, there) = (problem.gradient(sample.x), problem.gradient(&(sample.x + &step)));
    let rho = problem.hessian_lipschitz(sample.frobenius)?.in_norm(sample.frobenius)?;
    let action = problem.hessian_action(sample.x, &step);
    let size = sample.frobenius.value(&here)? + sample.frobenius.value(&there)?;
    Ok(Inequality {
        left: sample.frobenius.value(&(&(&there - &here) - &action))?,
        right: rho * h.powi(2) / 2.0 + rounding(problem.dimensions()) * size,
    })
}
