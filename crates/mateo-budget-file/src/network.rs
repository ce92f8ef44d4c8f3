//! Whether a folder is on a network: there a lock holds on one machine only, or on none.

use std::path::Path;

/// The name of the network file system that `folder` is on; `None` where it is local, or where that cannot be told.
#[cfg(target_os = "linux")]
pub(crate) fn kind(folder: &Path) -> Option<String> {
    let magic = rustix::fs::statfs(folder).ok()?.f_type;
    // Magic numbers have 32 bits, in a type that is signed on some machines.
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::unnecessary_cast,
        reason = "see above"
    )]
    let magic = magic as u32;
    if magic == FUSE {
        let mounts = std::fs::read_to_string("/proc/self/mountinfo").ok()?;
        let folder = folder.canonicalize().ok()?;
        return fuse(&mounts, &folder).map(str::to_owned);
    }
    of_magic(magic).map(str::to_owned)
}

#[cfg(not(target_os = "linux"))]
pub(crate) fn kind(_folder: &Path) -> Option<String> {
    None
}

/// `FUSE_SUPER_MAGIC`: local and network file systems in user space.
#[cfg(target_os = "linux")]
const FUSE: u32 = 0x6573_5546;

/// From linux/magic.h and the file systems' own sources.
#[cfg(target_os = "linux")]
fn of_magic(magic: u32) -> Option<&'static str> {
    Some(match magic {
        0x6969 => "nfs",
        0x517B => "smb",
        0xFF53_4D42 => "cifs",
        0xFE53_4D42 => "smb2",
        0x0102_1997 => "9p",
        0x00C3_6400 => "ceph",
        0x5346_414F | 0x6B41_4653 => "afs",
        0x7375_7245 => "coda",
        0x564C => "ncp",
        0x0BD0_0BD0 => "lustre",
        0x4750_4653 => "gpfs",
        0x1983_0326 => "beegfs",
        0x0116_1970 => "gfs2",
        0x7461_636F => "ocfs2",
        0x786F_4256 => "vboxsf",
        _ => return None,
    })
}

/// The type of the FUSE mount that `folder` is on, where that reaches beyond the machine.
#[cfg(target_os = "linux")]
fn fuse<'a>(mounts: &'a str, folder: &Path) -> Option<&'a str> {
    const REMOTE: [&str; 12] = [
        "virtiofs",
        "fuse.sshfs",
        "fuse.glusterfs",
        "fuse.ceph",
        "fuse.ceph-fuse",
        "fuse.s3fs",
        "fuse.gcsfuse",
        "fuse.rclone",
        "fuse.davfs",
        "fuse.moosefs",
        "fuse.mfs",
        "fuse.juicefs",
    ];
    // proc_pid_mountinfo(5): the fifth field is the mount point; after a field "-" comes the type.
    let mounts = mounts.lines().filter_map(|line| {
        let (mount, system) = line.split_once(" - ")?;
        Some((mount.split(' ').nth(4)?, system.split(' ').next()?))
    });
    let of_folder = mounts.filter(|(point, _)| folder.starts_with(point.replace("\\040", " ")));
    let (_, kind) = of_folder.max_by_key(|(point, _)| point.len())?;
    REMOTE.contains(&kind).then_some(kind)
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn network_file_systems_are_known_by_their_numbers() {
        assert_eq!(of_magic(0x6969), Some("nfs"));
        assert_eq!(of_magic(0xFF53_4D42), Some("cifs"));
        // ext4, btrfs, xfs, tmpfs, overlayfs
        for local in [0xEF53, 0x9123_683E, 0x5846_5342, 0x0102_1994, 0x794C_7630] {
            assert_eq!(of_magic(local), None, "{local:x}");
        }
    }

    #[test]
    fn a_fuse_mount_is_judged_by_its_type() {
        let mounts = "22 1 8:1 / / rw - ext4 /dev/sda1 rw\n\
            40 22 0:40 / /home/a/far rw shared:1 - fuse.sshfs a@b: rw\n\
            41 22 0:41 / /home/a/far/near\\040by rw - fuse.gocryptfs c rw\n";
        assert_eq!(fuse(mounts, Path::new("/home/a/far/x")), Some("fuse.sshfs"));
        assert_eq!(fuse(mounts, Path::new("/home/a/far/near by/x")), None);
        assert_eq!(fuse(mounts, Path::new("/home/a/farther")), None);
    }

    #[test]
    fn the_folder_for_temporary_files_is_local() {
        assert_eq!(kind(&std::env::temp_dir()), None);
    }
}
