//! A logo as it comes in and as it goes out: whatever was sent is decoded and drawn anew, so that nothing of
//! the file itself is ever served. SVG is a program as much as a picture, and is refused.

use std::io::Cursor;

use bytes::Bytes;
use image::codecs::jpeg::JpegEncoder;
use image::codecs::png::{CompressionType, FilterType, PngEncoder};
use image::imageops::FilterType as Sampling;
use image::{DynamicImage, ImageDecoder, ImageFormat, ImageReader, Limits};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The largest file that is taken, in bytes: in base64 it fits a request.
pub const LARGEST_FILE: usize = 180_000;
/// The longest side of a picture that is taken, in pixels.
const LONGEST_SIDE: u32 = 4096;
/// The most memory that decoding may take, in bytes.
const MEMORY: u64 = 80 * 1024 * 1024;
/// The largest picture that goes out, in bytes: the first page stays below 30 kB with it.
pub const LARGEST_SERVED: usize = 18_000;
/// What it is made to fit, in pixels: first what is sharp on good screens, then less.
const SIZES: [(u32, u32); 3] = [(480, 160), (320, 107), (240, 80)];

/// A logo as it is served.
#[derive(Clone, Serialize, Deserialize)]
pub struct Logo {
    /// The picture.
    #[serde(serialize_with = "to_text", deserialize_with = "from_text")]
    pub bytes: Bytes,
    /// What kind it is.
    pub kind: Kind,
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
    /// Whether what is behind it shows through.
    pub transparent: bool,
}

/// The kinds of pictures that are served.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// PNG.
    Png,
    /// JPEG.
    Jpeg,
}

impl Kind {
    /// The end of its name.
    pub const fn extension(self) -> &'static str {
        match self {
            Self::Png => "png",
            Self::Jpeg => "jpg",
        }
    }

    /// `Content-Type`.
    pub const fn content_type(self) -> &'static str {
        match self {
            Self::Png => "image/png",
            Self::Jpeg => "image/jpeg",
        }
    }
}

/// Why a file is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LogoProblem {
    /// More bytes than are taken.
    #[error("the file is larger than 180 kB")]
    TooLarge,
    /// An SVG, or some other markup.
    #[error("SVG is not taken, since it can hold scripts: send the logo as PNG, some 160 pixels high")]
    Markup,
    /// Some other kind of file.
    #[error("the file is not a PNG, JPEG or WebP picture")]
    Unknown,
    /// More pixels than are taken.
    #[error("the picture is larger than 4096 pixels a side")]
    TooManyPixels,
    /// Not a whole picture.
    #[error("the picture is damaged")]
    Damaged,
    /// Too much in it to be small.
    #[error("the picture stays larger than 18 kB at 240 by 80 pixels: send a simpler one")]
    TooHeavy,
}

/// Draws a logo anew from the file that was sent. Takes a while: not for a thread that others wait for.
///
/// # Errors
/// Why not.
pub fn redraw(file: &[u8]) -> Result<Logo, LogoProblem> {
    if file.len() > LARGEST_FILE {
        return Err(LogoProblem::TooLarge);
    }
    let picture = decode(file, kind_of(file)?)?;
    let transparent = picture.color().has_alpha() && picture.to_rgba8().pixels().any(|pixel| pixel.0[3] < u8::MAX);
    SIZES.iter().find_map(|size| draw(&picture, *size, transparent)).ok_or(LogoProblem::TooHeavy)
}

/// What the first bytes say; names and headers are anybody's word.
fn kind_of(file: &[u8]) -> Result<ImageFormat, LogoProblem> {
    let text = file.strip_prefix(b"\xef\xbb\xbf").unwrap_or(file).trim_ascii_start();
    match file {
        _ if text.starts_with(b"<") || file.starts_with(b"\x1f\x8b") => Err(LogoProblem::Markup),
        [0x89, b'P', b'N', b'G', ..] => Ok(ImageFormat::Png),
        [0xff, 0xd8, 0xff, ..] => Ok(ImageFormat::Jpeg),
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Ok(ImageFormat::WebP),
        _ => Err(LogoProblem::Unknown),
    }
}

fn decode(file: &[u8], format: ImageFormat) -> Result<DynamicImage, LogoProblem> {
    let mut limits = Limits::default();
    limits.max_image_width = Some(LONGEST_SIDE);
    limits.max_image_height = Some(LONGEST_SIDE);
    limits.max_alloc = Some(MEMORY);
    let mut reader = ImageReader::with_format(Cursor::new(file), format);
    reader.limits(limits);
    let mut decoder = reader.into_decoder().map_err(|error| refused(&error))?;
    let orientation = decoder.orientation().map_err(|error| refused(&error))?;
    let mut picture = DynamicImage::from_decoder(decoder).map_err(|error| refused(&error))?;
    picture.apply_orientation(orientation);
    if picture.width() == 0 || picture.height() == 0 {
        return Err(LogoProblem::Damaged);
    }
    Ok(picture)
}

fn refused(error: &image::ImageError) -> LogoProblem {
    match error {
        image::ImageError::Limits(_) => LogoProblem::TooManyPixels,
        _ => LogoProblem::Damaged,
    }
}

/// The picture in this size as PNG, or as JPEG where nothing shows through; `None` when it stays too large.
fn draw(picture: &DynamicImage, (width, height): (u32, u32), transparent: bool) -> Option<Logo> {
    let fits = picture.width() <= width && picture.height() <= height;
    let small = if fits { picture.clone() } else { picture.resize(width, height, Sampling::CatmullRom) };
    let small = if transparent { small.to_rgba8().into() } else { DynamicImage::from(small.to_rgb8()) };
    let logo = |bytes: Vec<u8>, kind| {
        (bytes.len() <= LARGEST_SERVED).then(|| Logo {
            bytes: bytes.into(),
            kind,
            width: small.width(),
            height: small.height(),
            transparent,
        })
    };
    let mut png = Vec::new();
    let encoder = PngEncoder::new_with_quality(&mut png, CompressionType::Best, FilterType::Adaptive);
    small.write_with_encoder(encoder).ok()?;
    if let Some(logo) = logo(png, Kind::Png) {
        return Some(logo);
    }
    if transparent {
        return None;
    }
    let mut jpeg = Vec::new();
    small.write_with_encoder(JpegEncoder::new_with_quality(&mut jpeg, 85)).ok()?;
    logo(jpeg, Kind::Jpeg)
}

fn to_text<S: Serializer>(bytes: &Bytes, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&polder_kernel::encoding::base64url(bytes))
}

fn from_text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Bytes, D::Error> {
    let text = String::deserialize(deserializer)?;
    let bytes = polder_kernel::encoding::from_base64url(&text);
    bytes.map(Bytes::from).ok_or_else(|| serde::de::Error::custom("not base64url"))
}

#[cfg(test)]
mod tests {
    use image::{ImageEncoder, Rgb, RgbImage, Rgba, RgbaImage};

    use super::*;

    fn png(picture: &DynamicImage) -> Vec<u8> {
        let mut bytes = Vec::new();
        picture.write_with_encoder(PngEncoder::new(&mut bytes)).unwrap();
        bytes
    }

    /// A word-mark of sorts: bars on a ground.
    fn mark(width: u32, height: u32, ground: Rgba<u8>) -> DynamicImage {
        let bar = |x: u32| (x / 40).is_multiple_of(2);
        RgbaImage::from_fn(width, height, |x, _| if bar(x) { Rgba([29, 78, 216, 255]) } else { ground }).into()
    }

    #[test]
    fn f03_a_logo_is_drawn_anew_in_its_place_and_size() {
        let mut file = png(&mark(1200, 300, Rgba([0, 0, 0, 0])));
        file.extend_from_slice(b"<script>alert(1)</script>");
        let logo = redraw(&file).unwrap();
        assert_eq!((logo.kind, logo.width, logo.height, logo.transparent), (Kind::Png, 480, 120, true));
        assert!(logo.bytes.len() <= LARGEST_SERVED);
        assert!(!logo.bytes.windows(7).any(|w| w == b"<script"), "what hung on to the picture is gone");
        let stored: Logo = serde_json::from_str(&serde_json::to_string(&logo).unwrap()).unwrap();
        assert_eq!(stored.bytes, logo.bytes);
    }

    #[test]
    fn f03_text_inside_a_picture_does_not_survive() {
        let mut file = Vec::new();
        let mut encoder = PngEncoder::new(&mut file);
        encoder.set_icc_profile(b"<svg onload=alert(1)>".to_vec()).unwrap();
        mark(80, 80, Rgba([255; 4])).write_with_encoder(encoder).unwrap();
        let logo = redraw(&file).unwrap();
        assert!(!logo.transparent);
        assert!(!logo.bytes.windows(4).any(|w| w == b"iCCP" || w == b"<svg"), "only the picture is left");
    }

    #[test]
    fn f03_a_photo_becomes_a_jpeg_and_noise_is_too_much() {
        let smooth = RgbImage::from_fn(900, 300, |x, y| {
            let wave = (x * x + y * y * 3) / 400 % 60;
            Rgb([x / 5, y / 2, (x + y) / 7].map(|shade| u8::try_from(shade + wave).unwrap_or(u8::MAX)))
        });
        let mut file = Vec::new();
        DynamicImage::from(smooth).write_with_encoder(JpegEncoder::new_with_quality(&mut file, 80)).unwrap();
        assert_eq!(redraw(&file).map(|logo| logo.kind).unwrap(), Kind::Jpeg);
        let mut seed = 1_u32;
        let noise = RgbaImage::from_fn(200, 200, |_, _| {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let [a, b, c, d] = seed.to_be_bytes();
            Rgba([a, b, c, d])
        });
        assert_eq!(redraw(&png(&noise.into())).err(), Some(LogoProblem::TooHeavy));
    }

    #[test]
    fn f03_svg_markup_and_other_files_are_refused_with_a_reason() {
        for (file, problem) in [
            (&b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>"[..], LogoProblem::Markup),
            (b"\xef\xbb\xbf \n<?xml version='1.0'?><svg/>", LogoProblem::Markup),
            (b"<!doctype html><img src=x onerror=alert(1)>", LogoProblem::Markup),
            (b"\x1f\x8b\x08\0", LogoProblem::Markup),
            (b"GIF89a\x01\0\x01\0", LogoProblem::Unknown),
            (b"", LogoProblem::Unknown),
            (b"\x89PNG\r\n\x1a\n", LogoProblem::Damaged),
            (b"\xff\xd8\xff\xe0", LogoProblem::Damaged),
            (b"RIFF\x04\0\0\0WEBPVP8 ", LogoProblem::Damaged),
        ] {
            assert_eq!(redraw(file).err(), Some(problem), "{file:?}");
        }
        assert_eq!(redraw(&vec![0; LARGEST_FILE + 1]).err(), Some(LogoProblem::TooLarge));
    }

    #[test]
    fn f09_a_picture_that_grows_in_memory_is_refused_before_it_does() {
        let mut header = b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR".to_vec();
        header.extend_from_slice(&60_000_u32.to_be_bytes());
        header.extend_from_slice(&60_000_u32.to_be_bytes());
        header.extend_from_slice(&[8, 6, 0, 0, 0]);
        let sum = crc(&header[12..]);
        header.extend_from_slice(&sum.to_be_bytes());
        header.extend_from_slice(b"\0\0\0\0IDAT\x35\xaf\x06\x1e");
        assert_eq!(redraw(&header).err(), Some(LogoProblem::TooManyPixels));
    }

    fn crc(bytes: &[u8]) -> u32 {
        let step = |crc: u32, byte: &u8| {
            (0..8).fold(crc ^ u32::from(*byte), |crc, _| if crc & 1 == 1 { crc >> 1 ^ 0xedb8_8320 } else { crc >> 1 })
        };
        !bytes.iter().fold(u32::MAX, step)
    }
}
