"""The appliance is made of the very layers that the flashable images are made of."""

from __future__ import annotations

from pathlib import Path

import pytest

from appliance import application, root
from appliance.errors import BuildError
from appliance.recipe import HERE
from layers.layer import Layer, read_layer
from layers.tree import only_in_pi_archive


PACKAGE = Path("/nowhere/kiosk.deb")


def layer(folder: Path, content: str) -> Layer:
    path = folder / "some.yaml"
    path.write_text(
        "# METABEGIN\n# X-Env-Layer-Name: some\n# X-Env-VarPrefix: kiosk\n"
        "# X-Env-Var-place: ${@SRCROOT}/there\n# METAEND\n---\n" + content,
        encoding="utf-8",
    )
    return read_layer(path)


def test_every_package_of_the_layers_is_in_the_appliance() -> None:
    wanted = [package for one in application.layers() for package in one.packages]

    assert "python3-av" in wanted
    assert set(wanted) <= set(root.packages())
    assert len(root.packages()) == len(set(root.packages())), "one is there twice"


def test_nothing_of_a_raspberry_pi_is_asked_of_debian() -> None:
    assert {"python3-gpiozero", "python3-picamera2"} <= only_in_pi_archive()
    assert not only_in_pi_archive() & set(root.packages())


def test_hooks_run_in_order_on_the_root_with_their_variables(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tree = tmp_path / "tree"
    tree.mkdir()
    overlay = tmp_path / "some.rootfs-overlay" / "etc"
    overlay.mkdir(parents=True)
    (overlay / "shipped").write_text("before the hooks\n")
    one = layer(
        tmp_path,
        "mmdebstrap:\n  customize-hooks:\n"
        '    - cp "$1/etc/shipped" "$1/said"\n'
        "    - |-\n"
        "      set -eu\n"
        '      echo "$IGconf_kiosk_place" >> "$1/said"\n'
        '      echo "$IGconf_kiosk_package" >> "$1/said"\n',
    )
    monkeypatch.setattr(application, "layers", lambda: [one])

    application.lay_out(tree, PACKAGE)

    said = (tree / "said").read_text().splitlines()
    assert said == ["before the hooks", f"{HERE}/there", str(PACKAGE)]


def test_a_hook_that_fails_says_which_one_and_what_it_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = layer(
        tmp_path, "mmdebstrap:\n  customize-hooks:\n    - ls $1 && echo no; exit 4\n"
    )
    monkeypatch.setattr(application, "layers", lambda: [one])

    with pytest.raises(BuildError, match=r"some, hook 1 failed \(exit 4\)"):
        application.lay_out(tmp_path, PACKAGE)


def test_a_phase_that_only_the_images_have_is_no_part_of_the_application(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = layer(tmp_path, "mmdebstrap:\n  setup-hooks:\n    - touch $1/x\n")
    monkeypatch.setattr(application, "layers", lambda: [one])

    with pytest.raises(BuildError, match="setup-hooks is not done here"):
        application.lay_out(tmp_path, PACKAGE)


def test_an_overlay_belongs_to_root_whatever_the_checkout_was(tmp_path: Path) -> None:
    overlay, tree = tmp_path / "overlay", tmp_path / "tree"
    (overlay / "etc").mkdir(parents=True, mode=0o700)
    (overlay / "etc" / "file").touch(mode=0o600)
    (overlay / "etc" / "program").touch(mode=0o700)
    tree.mkdir()

    application.lay_over(tree, overlay)

    assert (tree / "etc").stat().st_mode & 0o777 == 0o755
    assert (tree / "etc" / "file").stat().st_mode & 0o777 == 0o644
    assert (tree / "etc" / "program").stat().st_mode & 0o777 == 0o755
