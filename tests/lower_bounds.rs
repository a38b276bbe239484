//! L1 and L2 with the instances and the methods of the registry: is the instance in its class, does the line hold?

use std::sync::Arc;

use heavynorm::algorithms;
use heavynorm::hard_instances::HardInstance;
use heavynorm::norms;
use heavynorm::spec::{
    Accuracy, Dimensions, Matrix, MomentOrder, NoiseScale, Norm, OracleError, Problem, StochasticOracle,
    ZeroRespecting,
};
use heavynorm_proofs_check::lower_bounds::{Design, LowerBoundError, blocks};
use heavynorm_proofs_check::{LowerBound, LowerInstance, Setting, lower_bounds};

fn norm(text: &str) -> Arc<dyn Norm<f64>> {
    norms::build(&text.parse().unwrap()).unwrap().into()
}

fn design(text: &str, shape: (usize, usize), p: f64, class: ZeroRespecting) -> Design {
    Design {
        norm: norm(text),
        dimensions: Dimensions::new(shape.0, shape.1).unwrap(),
        moment_order: MomentOrder::new(p).unwrap(),
        lambda: 2.0,
        length: 3,
        reveal_probability: 0.25,
        class,
    }
}

/// Norms and shapes with room for blocks of three.
fn designs() -> Vec<Design> {
    let lines = ZeroRespecting::Lines;
    let mut designs = Vec::new();
    for p in [1.2, 1.5, 2.0] {
        for (text, shape) in [
            ("name = 'spectral'", (3, 10)),
            ("name = 'spectral'", (9, 3)),
            ("name = 'frobenius'", (3, 10)),
            ("name = 'nuclear'", (10, 3)),
            ("name = 'schatten'\nq = 8", (3, 9)),
            ("name = 'schatten'\nq = 2.5", (3, 9)),
            ("name = 'max-row-l2'", (3, 9)),
            ("name = 'max-col-l2'", (9, 3)),
            ("name = 'sum-row-l2'", (5, 4)),
        ] {
            designs.push(design(text, shape, p, lines));
        }
        designs.push(design("name = 'max-row-l2'", (4, 3), p, ZeroRespecting::Entries));
        designs.push(design("name = 'max-col-l2'", (3, 5), p, ZeroRespecting::Entries));
    }
    designs
}

fn made(bound: &dyn LowerBound, design: &Design) -> (Setting, LowerInstance, HardInstance) {
    let setting = bound.design(design).unwrap();
    let lower = bound.instance(&setting, design.lambda, design.class).unwrap();
    let instance = lower.instance(design.dimensions).unwrap();
    (setting, lower, instance)
}

#[test]
fn a_design_comes_back_with_the_length_and_the_probability_asked_for() {
    for bound in lower_bounds() {
        for design in designs() {
            let (_, lower, _) = made(&*bound, &design);
            let case = format!("{} {} {lower:?}", bound.statement().name, design.norm.label());
            assert_eq!((lower.length, lower.paid_length), (3, 3), "{case}");
            assert!((lower.reveal_probability / 0.25 - 1.0).abs() < 1e-12, "{case}");
        }
    }
}

#[test]
fn an_instance_lies_in_the_class_of_its_setting_and_at_its_edge() {
    for bound in lower_bounds() {
        for design in designs() {
            let (setting, lower, instance) = made(&*bound, &design);
            let case =
                format!("{} {} p = {}", bound.statement().name, design.norm.label(), design.moment_order.p());
            let problem: &dyn Problem<f64> = &**instance.chain();
            let close = |found: f64, allowed: f64| (found / allowed - 1.0).abs() < 1e-12;
            let l = problem.smoothness(&*design.norm).unwrap();
            assert!(close(l.in_norm(&*design.norm).unwrap(), setting.l().unwrap()), "{case}: {l:?}");
            if bound.statement().name == "L2" {
                let rho = problem.hessian_lipschitz(&*design.norm).unwrap().in_norm(&*design.norm).unwrap();
                assert!(close(rho, setting.rho("L2").unwrap()), "{case}: {rho}");
            }
            // The first coordinate of a chain costs less than the others.
            let gap = problem.gap().unwrap().delta() / setting.gap.delta();
            assert!((2.0 / 3.0..=1.0 + 1e-12).contains(&gap), "{case}: {gap}");
            let moment = instance.noise_moment(&*design.norm, design.moment_order).unwrap().bound();
            let sigma = setting.noise_scale.sigma().powf(design.moment_order.p());
            assert!(moment <= sigma * (1.0 + 1e-12), "{case}: {moment} above {sigma}");
            // Lemma 4.4 gives away the factor between 4 and its bracket, and what N >= 1 blocks leave out.
            assert!(moment >= sigma / 16.0, "{case}: {moment} far below {sigma}");
            assert_eq!(
                lower.blocks,
                blocks(&*design.norm, design.dimensions, design.moment_order, design.class).unwrap()
            );
        }
    }
}

#[test]
fn the_factor_four_of_the_moment_is_needed_where_every_call_reveals() {
    // At q = 1, p = 2 the moment is (2 - 2/N)^2 (N A)^2, against 4 (N A)^2.
    let wide = design("name = 'spectral'", (40, 40), 2.0, ZeroRespecting::Lines);
    let design = Design { length: 1, reveal_probability: 1.0, ..wide };
    let (setting, _, instance) = made(&*lower_bounds()[0], &design);
    let moment = instance.noise_moment(&*design.norm, design.moment_order).unwrap().bound();
    let share = moment / setting.noise_scale.sigma().powi(2);
    assert!((share - (1.0 - 1.0 / 40.0f64).powi(2)).abs() < 1e-9, "{share}");
}

#[test]
fn the_level_of_a_walk_is_eps() {
    for bound in lower_bounds() {
        for text in ["name = 'spectral'", "name = 'frobenius'", "name = 'max-row-l2'"] {
            let (setting, lower, instance) =
                made(&*bound, &design(text, (3, 10), 1.5, ZeroRespecting::Lines));
            // ||grad f||_* where every block's gradient has length 1, in units of c/s.
            let unit = instance.chain().scale() / instance.chain().width() * instance.chain().blocks() as f64;
            let level = lower.level_share() * unit;
            assert!((level / setting.accuracy.eps() - 1.0).abs() < 1e-12, "{text}: {level}");
        }
    }
}

#[test]
fn a_chain_that_does_not_fit_is_cut_and_says_so() {
    for bound in lower_bounds() {
        let design = design("name = 'spectral'", (3, 10), 2.0, ZeroRespecting::Lines);
        let long = Design { length: 5, ..design };
        let (_, lower, _) = made(&*bound, &long);
        assert_eq!((lower.length, lower.paid_length), (3, 5));
    }
}

#[test]
fn the_unit_of_calls_grows_with_the_exponent_that_is_claimed() {
    for bound in lower_bounds() {
        for p in [1.3, 1.5, 2.0] {
            // Long chains: rounding T down moves the unit by 1/1000 at most.
            let design = Design {
                length: 1000,
                ..design("name = 'spectral'", (2, 100_000), p, ZeroRespecting::Lines)
            };
            let setting = bound.design(&design).unwrap();
            let unit = |eps: f64| {
                let setting = Setting { accuracy: Accuracy::new(eps).unwrap(), ..setting.clone() };
                let lower = bound.instance(&setting, 2.0, design.class).unwrap();
                assert_eq!(lower.length, lower.paid_length);
                lower.line().unit()
            };
            let found = (unit(0.25) / unit(1.0)).log2() / 2.0;
            let claimed = bound.exponent(MomentOrder::new(p).unwrap());
            assert!((found - claimed).abs() < 2e-3, "{} p = {p}: {found}", bound.statement().name);
        }
    }
}

#[test]
fn the_number_of_blocks_is_the_dimension_factor_of_the_table() {
    let count = |text: &str, shape: (usize, usize), p: f64, class| {
        let d = Dimensions::new(shape.0, shape.1).unwrap();
        blocks(&*norm(text), d, MomentOrder::new(p).unwrap(), class).unwrap().count
    };
    let (lines, entries) = (ZeroRespecting::Lines, ZeroRespecting::Entries);
    assert_eq!(count("name = 'spectral'", (4, 9), 2.0, lines), 4);
    assert_eq!(count("name = 'spectral'", (9, 4), 1.5, lines), 4);
    assert_eq!(count("name = 'frobenius'", (4, 9), 1.5, lines), 1);
    assert_eq!(count("name = 'max-row-l2'", (4, 9), 2.0, lines), 4);
    assert_eq!(count("name = 'max-row-l2'", (9, 4), 2.0, entries), 9);
    assert_eq!(count("name = 'max-col-l2'", (4, 9), 2.0, entries), 9);
    // dual exponent 8/7 < 1.5, and 5/3 > 1.5.
    assert_eq!(count("name = 'schatten'\nq = 8", (4, 9), 1.5, lines), 4);
    assert_eq!(count("name = 'schatten'\nq = 2.5", (4, 9), 1.5, lines), 1);
    let refused = blocks(
        &*norm("name = 'max-entry'"),
        Dimensions::new(2, 2).unwrap(),
        MomentOrder::new(2.0).unwrap(),
        lines,
    );
    assert!(matches!(refused, Err(LowerBoundError::NoInstance(_))));
}

#[test]
fn hypotheses_that_fail_are_named() {
    for bound in lower_bounds() {
        let design = design("name = 'spectral'", (3, 10), 2.0, ZeroRespecting::Lines);
        let setting = bound.design(&design).unwrap();
        let error = |setting: &Setting, lambda| bound.instance(setting, lambda, design.class).unwrap_err();
        assert!(matches!(error(&setting, 1.0), LowerBoundError::Lambda(_)));
        assert!(matches!(error(&setting, f64::NAN), LowerBoundError::Lambda(_)));
        let quiet = Setting { noise_scale: NoiseScale::new(1e-3).unwrap(), ..setting.clone() };
        assert!(matches!(error(&quiet, 2.0), LowerBoundError::NoiseTooSmall(q) if q > 1.0));
        let coarse = Setting {
            accuracy: Accuracy::new(3.0).unwrap(),
            noise_scale: NoiseScale::new(1e6).unwrap(),
            smoothness: heavynorm::spec::Smoothness::new(1e6, design.norm.label()).unwrap(),
            ..setting.clone()
        };
        if bound.statement().name == "L2" {
            assert!(matches!(error(&coarse, 2.0), LowerBoundError::NoCoordinate { .. }));
            let smooth = Setting {
                smoothness: heavynorm::spec::Smoothness::new(1e-3, design.norm.label()).unwrap(),
                ..setting.clone()
            };
            assert!(matches!(error(&smooth, 2.0), LowerBoundError::NotSmooth { .. }));
        }
    }
}

/// Answers call t with a prescribed outcome of the instance's law at the point asked for.
struct Prescribed<'a> {
    instance: &'a HardInstance,
    choices: Vec<usize>,
    probability: f64,
    calls: usize,
}

impl StochasticOracle<f64> for Prescribed<'_> {
    fn dimensions(&self) -> Dimensions {
        Problem::<f64>::dimensions(&**self.instance.chain())
    }
    fn query(&mut self, x: &Matrix<f64>) -> Result<Matrix<f64>, OracleError> {
        let law = self.instance.law(x);
        let (probability, response) = &law.outcomes()[self.choices[self.calls]];
        self.probability *= probability;
        self.calls += 1;
        Ok(response.clone())
    }
    fn query_pair(
        &mut self,
        x: &Matrix<f64>,
        y: &Matrix<f64>,
    ) -> Result<(Matrix<f64>, Matrix<f64>), OracleError> {
        let at_x = self.query(x)?;
        let choice = self.choices[self.calls - 1];
        self.calls += 1;
        Ok((at_x, self.instance.law(y).outcomes()[choice].1.clone()))
    }
    fn calls(&self) -> u64 {
        self.calls as u64
    }
}

/// E||grad f(X_M)||_* by running every sequence of samples.
fn expected_gradient(instance: &HardInstance, norm: &Arc<dyn Norm<f64>>, method: &str, calls: usize) -> f64 {
    let method = algorithms::build(&method.parse().unwrap(), Arc::clone(norm)).unwrap();
    let outcomes = instance.chain().blocks() + 1;
    let (mut mean, mut total) = (0.0, 0.0);
    for code in 0..outcomes.pow(calls as u32) {
        let choices = (0..calls as u32).map(|t| code / outcomes.pow(t) % outcomes).collect();
        let mut oracle = Prescribed { instance, choices, probability: 1.0, calls: 0 };
        let start = Problem::<f64>::start(&**instance.chain());
        let mut run = method.begin(&start, &mut oracle).unwrap();
        while oracle.calls < calls {
            run.step(&mut oracle).unwrap();
        }
        let gradient = instance.chain().gradient(run.iterate());
        mean += oracle.probability * norm.dual_value(&gradient).unwrap();
        total += oracle.probability;
    }
    assert!((total - 1.0).abs() < 1e-12);
    mean
}

#[test]
fn no_method_is_below_the_line_by_enumeration_of_all_samples() {
    // Steps so long that whatever is discovered is passed at once: methods that stand at the wall.
    let methods = [
        "name = 'scion'\nstep_size = 1e3\naveraging = 1.0",
        "name = 'scion'\nstep_size = 1.0\naveraging = 0.3",
        "name = 'transported-scion'\nstep_size = 30.0\naveraging = 0.5",
        "name = 'sgd-momentum'\nstep_size = 1e3\naveraging = 1.0",
        "name = 'sign-momentum'\nstep_size = 1e3\naveraging = 1.0",
    ];
    for (blocks, length, q, calls) in [(2, 2, 0.5, 6), (1, 3, 0.4, 9), (3, 1, 1.0, 5)] {
        let design = Design {
            length,
            reveal_probability: q,
            ..design("name = 'spectral'", (blocks, blocks * length), 2.0, ZeroRespecting::Lines)
        };
        let bound = &lower_bounds()[0];
        let (setting, lower, instance) = made(&**bound, &design);
        let mut closest = f64::INFINITY;
        for method in methods {
            for calls in 1..=calls {
                let line = lower.line().mean(calls as u64) * setting.accuracy.eps();
                let mean = expected_gradient(&instance, &design.norm, method, calls);
                assert!(
                    mean >= line * (1.0 - 1e-12),
                    "{method} {blocks} {length} {calls}: {mean} below {line}"
                );
                closest = closest.min(mean / line);
            }
        }
        // Gradients with k entries of their chain undiscovered exceed 1 (e^{3/2} at the frontier): what the bound gives away.
        assert!(closest < 12.0, "{blocks} {length}: {closest}");
    }
}
