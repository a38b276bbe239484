//! Every registered norm x every law, in both number types, on seeded random samples.

use heavynorm::spec::laws::{NormSample, norm_laws};
use heavynorm::spec::{Dimensions, Norm, Scalar};
use heavynorm::{norms, tol};
use quickcheck::{Arbitrary, Gen};

const SAMPLES: usize = 60;

fn sample<T: Scalar>(norm: &dyn Norm<T>, g: &mut Gen) -> NormSample<T> {
    let dimensions = norm.space().unwrap_or_else(|| Dimensions::arbitrary(g));
    NormSample::arbitrary_in(g, dimensions)
}

fn every_norm_obeys_every_law<T: Scalar>() {
    let mut checked = 0;
    for entry in norms::entries::<T>().into_iter().chain(norms::combinators::entries()) {
        let examples = (entry.examples)();
        assert!(!examples.is_empty(), "{} has no examples", entry.name);
        for norm in examples {
            let mut g = Gen::from_size_and_seed(16, 20260518);
            for _ in 0..SAMPLES {
                let sample = sample(&*norm, &mut g);
                let tolerance = tol::rounding::<T>(sample.s.dimensions().unwrap());
                for law in norm_laws() {
                    let violation = (law.violation)(&*norm, &sample).unwrap_or_else(|e| {
                        panic!("{}: {} gives no answer: {e}\n{sample:?}", norm.label(), law.name)
                    });
                    assert!(
                        violation <= tolerance,
                        "{} breaks {}, {}, by {violation:e} > {tolerance:e}\n{sample:?}",
                        norm.label(),
                        law.name,
                        law.equation,
                    );
                    checked += 1;
                }
            }
        }
    }
    assert!(checked > 10_000, "only {checked} checks were made");
}

#[test]
fn every_norm_obeys_every_law_in_f64() {
    every_norm_obeys_every_law::<f64>();
}

#[test]
fn every_norm_obeys_every_law_in_f32() {
    every_norm_obeys_every_law::<f32>();
}
