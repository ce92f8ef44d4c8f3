# A Homebrew formula: `cargo xtask release formula` puts version and checksums in, and a release has the result.
class Mateo < Formula
  desc "Lists, watches, follows and downloads hellomateo's imports"
  homepage "https://github.com/getmateo/mateo-imports-rs"
  version "{version}"
  license any_of: ["MIT", "Apache-2.0"]

  on_macos do
    on_arm do
      url "https://github.com/getmateo/mateo-imports-rs/releases/download/v{version}/mateo-v{version}-aarch64-apple-darwin.tar.gz"
      sha256 "{aarch64-apple-darwin}"
    end
    on_intel do
      url "https://github.com/getmateo/mateo-imports-rs/releases/download/v{version}/mateo-v{version}-x86_64-apple-darwin.tar.gz"
      sha256 "{x86_64-apple-darwin}"
    end
  end

  on_linux do
    on_arm do
      url "https://github.com/getmateo/mateo-imports-rs/releases/download/v{version}/mateo-v{version}-aarch64-unknown-linux-musl.tar.gz"
      sha256 "{aarch64-unknown-linux-musl}"
    end
    on_intel do
      url "https://github.com/getmateo/mateo-imports-rs/releases/download/v{version}/mateo-v{version}-x86_64-unknown-linux-musl.tar.gz"
      sha256 "{x86_64-unknown-linux-musl}"
    end
  end

  def install
    bin.install "mateo"
    man1.install Dir["man/*.1"]
    bash_completion.install "completions/mateo.bash" => "mateo"
    zsh_completion.install "completions/_mateo"
    fish_completion.install "completions/mateo.fish"
  end

  test do
    assert_match "reference_id", shell_output("#{bin}/mateo --sandbox imports list --limit 1 --output csv")
  end
end
