//! Files that are cut, forged or of another kind are refused with the line that repairs them.

use std::fs;
use std::path::PathBuf;

use heavynorm::spec::Matrix;
use heavynorm_paper_figures::npy::{read_labels, read_matrix, to_bytes};

struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn file(&self, bytes: &[u8]) -> PathBuf {
        let path = self.0.path().join("x.npy");
        fs::write(&path, bytes).unwrap();
        path
    }
}

/// A .npy file of format 1.0 with this dictionary and these data.
fn npy(dictionary: &str, data: &[u8]) -> Vec<u8> {
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    let padded = format!("{dictionary:<117}\n");
    bytes.extend((padded.len() as u16).to_le_bytes());
    bytes.extend(padded.as_bytes());
    bytes.extend(data);
    bytes
}

fn dictionary(descr: &str, fortran: bool, shape: &str) -> String {
    let order = if fortran { "True" } else { "False" };
    format!("{{'descr': '{descr}', 'fortran_order': {order}, 'shape': {shape}, }}")
}

fn doubles(numbers: &[f64]) -> Vec<u8> {
    numbers.iter().flat_map(|x| x.to_le_bytes()).collect()
}

#[test]
fn a_matrix_survives_the_round_trip() {
    let matrix = Matrix::from_rows(&[[1.5, -2.0, 1e300], [0.0, 5e-324, 7.0]]).unwrap();
    let folder = Folder::new();
    assert_eq!(read_matrix(&folder.file(&to_bytes(&matrix).unwrap())).unwrap(), matrix);
}

#[test]
fn single_precision_is_widened_exactly() {
    let data: Vec<u8> = [0.1_f32, -3.0].iter().flat_map(|x| x.to_le_bytes()).collect();
    let folder = Folder::new();
    let matrix = read_matrix(&folder.file(&npy(&dictionary("<f4", false, "(1, 2)"), &data))).unwrap();
    assert_eq!(matrix[(0, 0)], f64::from(0.1_f32));
}

#[test]
fn hostile_files_are_refused_with_what_to_do() {
    let four = doubles(&[1.0, 2.0, 3.0, 4.0]);
    let good = npy(&dictionary("<f8", false, "(2, 2)"), &four);
    let huge_header = [b"\x93NUMPY\x02\x00".as_slice(), &u32::MAX.to_le_bytes(), b"{"].concat();
    let cases: Vec<(&str, Vec<u8>, &str)> = vec![
        ("empty file", vec![], "numpy.save"),
        ("no magic", b"1,2\n3,4\n".to_vec(), "numpy.save"),
        ("unknown version", b"\x93NUMPY\x09\x00aaaaaaaaaaaa".to_vec(), "version"),
        ("huge header", huge_header, "64 KiB"),
        ("cut header", good[..40].to_vec(), "header is cut"),
        ("cut data", good[..good.len() - 1].to_vec(), "cut or forged"),
        ("data after the end", [good.clone(), vec![0]].concat(), "cut or forged"),
        ("forged shape", npy(&dictionary("<f8", false, "(4294967296, 2)"), &four), "cut or forged"),
        ("overflowing shape", npy(&dictionary("<f8", false, "(9223372036854775808, 4)"), &four), "too large"),
        (
            "overflow behind a zero",
            npy(&dictionary("<f8", false, "(9223372036854775808, 4, 0)"), &[]),
            "too large",
        ),
        ("negative side", npy(&dictionary("<f8", false, "(-1, 2)"), &four), "no number"),
        ("no shape", npy("{'descr': '<f8', 'fortran_order': False, }", &four), "shape"),
        ("not a dictionary", npy("'shape' (2, 2)", &four), "numpy.save"),
        ("one axis", npy(&dictionary("<f8", false, "(4,)"), &four), "numpy.reshape"),
        ("three axes", npy(&dictionary("<f8", false, "(1, 2, 2)"), &four), "numpy.reshape"),
        ("no row", npy(&dictionary("<f8", false, "(0, 3)"), &[]), "empty"),
        ("no column", npy(&dictionary("<f8", false, "(3, 0)"), &[]), "empty"),
        ("Fortran order", npy(&dictionary("<f8", true, "(2, 2)"), &four), "ascontiguousarray"),
        ("big-endian", npy(&dictionary(">f8", false, "(2, 2)"), &four), "astype('<f8')"),
        ("integers", npy(&dictionary("<i8", false, "(2, 2)"), &four), "astype('<f8')"),
        ("booleans", npy(&dictionary("|b1", false, "(2, 2)"), &[0, 1, 0, 1]), "astype('<f8')"),
        ("half precision", npy(&dictionary("<f2", false, "(2, 2)"), &four[..8]), "astype('<f8')"),
        ("complex", npy(&dictionary("<c16", false, "(1, 2)"), &four), "x.imag"),
        ("text", npy(&dictionary("<U2", false, "(2, 2)"), &four), "astype('<f8')"),
        ("objects", npy(&dictionary("|O", false, "(2, 2)"), &four), "astype('<f8')"),
        ("NaN", npy(&dictionary("<f8", false, "(1, 2)"), &doubles(&[1.0, f64::NAN])), "entry (0, 1) is NaN"),
        (
            "infinity",
            npy(&dictionary("<f8", false, "(2, 1)"), &doubles(&[1.0, -f64::INFINITY])),
            "entry (1, 0)",
        ),
    ];
    let folder = Folder::new();
    for (what, bytes, advice) in cases {
        let message = read_matrix(&folder.file(&bytes)).expect_err(what).to_string();
        assert!(message.contains(advice), "{what}: '{message}' does not say '{advice}'");
    }
}

#[test]
fn a_missing_file_and_a_folder_are_refused() {
    let folder = Folder::new();
    let message = read_matrix(&folder.0.path().join("absent.npy")).unwrap_err().to_string();
    assert!(message.contains("absent.npy") && message.ends_with("numpy.save"), "{message}");
    assert!(read_matrix(folder.0.path()).unwrap_err().to_string().contains("folder"));
}

#[test]
fn every_prefix_and_every_flipped_byte_of_the_header_is_answered_without_a_panic() {
    let good = npy(&dictionary("<f8", false, "(2, 2)"), &doubles(&[1.0, 2.0, 3.0, 4.0]));
    let folder = Folder::new();
    for length in 0..good.len() {
        assert!(read_matrix(&folder.file(&good[..length])).is_err(), "{length} bytes of {}", good.len());
    }
    for at in 0..128 {
        for value in [0, b'9', b'(', 0xff] {
            let mut bytes = good.clone();
            bytes[at] = value;
            // It may still be a valid file; it must be answered.
            let _ = read_matrix(&folder.file(&bytes));
        }
    }
}

#[test]
fn labels_are_whole_numbers_of_any_integer_type() {
    let folder = Folder::new();
    let read =
        |descr: &str, data: &[u8]| read_labels(&folder.file(&npy(&dictionary(descr, false, "(3,)"), data)));
    let eight: Vec<u8> = [0_i64, 2, 1].iter().flat_map(|x| x.to_le_bytes()).collect();
    assert_eq!(read("<i8", &eight).unwrap(), [0, 2, 1]);
    assert_eq!(read("|u1", &[0, 2, 1]).unwrap(), [0, 2, 1]);
    assert_eq!(read("<f8", &doubles(&[0.0, 2.0, 1.0])).unwrap(), [0, 2, 1]);
    assert!(read("<f8", &doubles(&[0.0, 2.5, 1.0])).unwrap_err().to_string().contains("label 1 is 2.5"));
    assert!(read("|i1", &[0, 255, 1]).unwrap_err().to_string().contains("label 1 is -1"));
    assert!(read("|b1", &[0, 1, 1]).is_err());
}
