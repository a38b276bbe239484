//! Every law of norms over every registered norm, in both number types, and what the formulas of the chapters rest on.

use heavynorm::spec::laws::{NormSample, norm_laws};
use heavynorm::spec::{Claim, Dimensions, Evidence, Matrix, Norm, Scalar, inner, naive};
use heavynorm::{norms, tol};

use super::draw::Draw;
use super::{AuditError, Case, Check, Effort};

macro_rules! for_each_norm {
    ($($name:literal => $id:literal;)*) => {
        /// The names of the registry with the IDs of their formulas.
        #[cfg(test)]
        const NAMES: &[&str] = &[$($name),*];

        fn of_norms() -> Vec<Check> {
            vec![$(Check {
                statement: $id,
                name: concat!("no law of norms is broken by ", $name, ", in f64 and in f32"),
                evidence: Evidence::Numerical,
                claim: Claim::Upper,
                cases: |effort| laws(effort, $name),
            }),*]
        }
    };
}

for_each_norm! {
    "spectral" => "LEM-NORM-SPECTRAL";
    "nuclear" => "LEM-NORM-NUCLEAR";
    "frobenius" => "LEM-NORM-FROBENIUS";
    "schatten" => "LEM-NORM-SCHATTEN";
    "ky-fan" => "LEM-NORM-KYFAN";
    "ky-fan-dual" => "LEM-NORM-KYFANDUAL";
    "max-entry" => "LEM-NORM-MAXENTRY";
    "sum-entries" => "LEM-NORM-SUMENTRIES";
    "max-col-l2" => "LEM-NORM-MAXCOL";
    "sum-col-l2" => "LEM-NORM-SUMCOL";
    "max-row-l2" => "LEM-NORM-MAXROW";
    "sum-row-l2" => "LEM-NORM-SUMROW";
    "rms-to-rms" => "LEM-NORM-RMS";
    "entry-lq" => "LEM-NORM-ENTRYLQ";
    "dual" => "LEM-COMB-DUAL";
    "scaled" => "LEM-COMB-SCALED";
    "weighted" => "LEM-COMB-WEIGHTED";
    "max-over" => "LEM-COMB-MAXOVER";
    "sum-over" => "LEM-COMB-SUMOVER";
}

/// The checks.
pub(super) fn checks() -> Vec<Check> {
    let mut all = of_norms();
    all.extend([
        Check {
            statement: "LEM-TRACE",
            name: "<S, X> is at most the inner product of the sorted singular values",
            evidence: Evidence::Numerical,
            claim: Claim::Upper,
            cases: trace,
        },
        Check {
            statement: "LEM-COMPARE",
            name: "l-norms compare with the stated powers of the dimension",
            evidence: Evidence::Numerical,
            claim: Claim::Upper,
            cases: comparison,
        },
    ]);
    all
}

/// Everything registered under a name.
fn examples<T: Scalar>(name: &str) -> Vec<Box<dyn Norm<T>>> {
    let all = norms::entries::<T>().into_iter().chain(norms::combinators::entries());
    all.filter(|entry| entry.name == name).flat_map(|entry| (entry.examples)()).collect()
}

/// Two matrices, a third of the time scaled together far up or down. 2^100 is about 1e30; f32 ends near 1e38, and graded
/// rows go down to 1e-16 of the scale: 2^40 is safe.
fn sample<T: Scalar>(draw: &mut Draw, space: Dimensions) -> NormSample<T> {
    let far = if T::LARGEST.to_f64() > 1e300 { 100 } else { 40 };
    let scale = *draw.pick(&[0, 0, 0, 0, far, -far]);
    NormSample {
        s: draw.matrix::<T>(space).times_power_of_two(scale),
        x: draw.matrix::<T>(space).times_power_of_two(scale),
        exponent: *draw.pick(&[-20, -1, 1, 7, 20]),
    }
}

fn laws(effort: Effort, name: &str) -> Result<Vec<Case>, AuditError> {
    let mut cases = laws_in::<f64>(effort, name)?;
    cases.extend(laws_in::<f32>(effort, name)?);
    Ok(cases)
}

/// The worst sample of every law, with what rounding allows: [`tol::rounding`].
fn laws_in<T: Scalar>(effort: Effort, name: &str) -> Result<Vec<Case>, AuditError> {
    let mut cases = Vec::new();
    for (k, norm) in examples::<T>(name).into_iter().enumerate() {
        let mut draw = Draw::new(effort, name, k);
        for _ in 0..effort.cases(60, 2000) {
            let space = norm.space().unwrap_or_else(|| draw.shape(9));
            let sample = sample::<T>(&mut draw, space);
            let tolerance = tol::rounding::<T>(space);
            for law in norm_laws::<T>() {
                let measured = (law.violation)(&*norm, &sample)
                    .map_err(|e| format!("{}: {} gives no answer: {e}", norm.label(), law.name))?;
                let what =
                    || format!("{}, {} on {space} in {}", law.name, norm.label(), std::any::type_name::<T>());
                // Far below the tolerance nothing is to be told.
                if measured.is_nan() || measured >= 0.1 * tolerance {
                    cases.push(Case { measured, claimed: 0.0, tolerance, what: what() });
                }
            }
        }
        let what = format!("all others of {}", norm.label());
        cases.push(Case { measured: 0.0, claimed: 0.0, tolerance: f64::EPSILON, what });
    }
    Ok(cases)
}

fn trace(effort: Effort) -> Result<Vec<Case>, AuditError> {
    let case = |k| {
        let mut draw = Draw::new(effort, "trace", k);
        let space = draw.shape(6);
        let s = draw.matrix::<f64>(space);
        // Independent, or nearly aligned, where the inequality is nearly an equality.
        let x = if k % 2 == 0 { draw.matrix(space) } else { &s + &(&draw.gaussian(space) * 1e-4) };
        let (a, b) = (naive::singular_values(&s), naive::singular_values(&x));
        let claimed = a.iter().zip(&b).map(|(a, b)| a * b).sum::<f64>();
        let (a, b) = (inner(&s, &s).sqrt(), inner(&x, &x).sqrt());
        Case { measured: inner(&s, &x), claimed, tolerance: 1e-13 * a * b, what: format!("{space}") }
    };
    Ok((0..effort.cases(2000, 20_000)).map(case).collect())
}

fn power_mean(x: &Matrix<f64>, q: f64) -> f64 {
    if q.is_infinite() {
        x.max_abs()
    } else {
        x.entries().map(|x| x.abs().powf(q)).sum::<f64>().powf(1.0 / q)
    }
}

fn comparison(effort: Effort) -> Result<Vec<Case>, AuditError> {
    let mut cases = Vec::new();
    let exponents = [1.0, 1.2, 1.5, 2.0, 3.0, 8.0, f64::INFINITY];
    for k in 0..effort.cases(500, 5000) {
        let mut draw = Draw::new(effort, "comparison", k);
        let space = draw.shape(4);
        // Among them matrices of equal magnitudes, where the right inequality is an equality.
        let (x, d) = (draw.matrix::<f64>(space), space.entries() as f64);
        for (i, q) in exponents.into_iter().enumerate() {
            for c in exponents[i..].iter().copied() {
                let (small, large) = (power_mean(&x, c), power_mean(&x, q));
                let factor = d.powf(1.0 / q - 1.0 / c);
                let tolerance = 1e-13 * large;
                let what = format!("q = {q}, c = {c} on {space}");
                cases.push(Case { measured: small, claimed: large, tolerance, what: what.clone() });
                cases.push(Case { measured: large, claimed: factor * small, tolerance, what });
            }
        }
    }
    Ok(cases)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_registered_norm_has_its_laws_checked() {
        let all = norms::entries::<f64>().into_iter().chain(norms::combinators::entries());
        assert_eq!(all.map(|entry| entry.name).collect::<Vec<_>>(), NAMES);
    }
}
