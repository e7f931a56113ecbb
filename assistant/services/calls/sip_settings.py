"""From the settings of the SIP line to what baresip reads: nothing passes unchecked.

A value with a line break, a quote or a bracket could add lines to the configuration or
parameters to the account, so each has its own narrow shape. The password is never written to a
file: it travels in the account line over the control connection.
Neighbours: `baresip` runs the child with these texts, `sip` is the line.

Source: baresip 1.0 configuration template and account module documentation.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from assistant.errors import ConfigError

_WHERE = "[[lines]] sip"
_ADDRESS = r"[A-Za-z0-9.-]{1,253}(?::[0-9]{1,5})?"
_DEVICE = r"[a-z]{2,16},[^\s\"'<>\\][^\r\n\"'<>\\]{0,200}|[a-z]{2,16}"
_SHAPES: Mapping[str, tuple[str, str]] = {
    "account": (r"sips?:[A-Za-z0-9._+-]{1,64}@" + _ADDRESS, "sip:user@domain"),
    "password": (r"[^\x00-\x1f\x7f\"]{0,128}", 'text without " and line breaks'),
    "login": (r"[^\x00-\x1f\x7f\";<>]{0,64}", "the name for digest sign-in"),
    "registrar": (r"(?:sips?:" + _ADDRESS + r")?", "sip:host:port of the outbound proxy"),
    "transport": (r"udp|tcp|tls", "udp, tcp or tls"),
    "srtp": (r"off|wanted|required|dtls", "off, wanted, required or dtls"),
    "register": (r"yes|no", "yes or no"),
    "microphone": (_DEVICE, "driver,device such as alsa,default"),
    "speaker": (_DEVICE, "driver,device such as alsa,default"),
    "listen": (_ADDRESS, "address:port"),
    "interface": (r"[A-Za-z0-9.:_-]{0,45}", "an interface name or address"),
    "ca_file": (r"(?:/[^\r\n\"]{1,400})?", "absolute path of a PEM file"),
    "modules": (r"/[^\r\n\"]{1,400}", "absolute path of baresip's modules"),
    "program": (r"[^\r\n]{1,400}", "name or path of baresip"),
    "dial_limit_s": (r"[0-9]{1,3}", "seconds to the first sign of life"),
    "ring_limit_s": (r"[0-9]{1,3}", "seconds to the answer"),
    "lost_after_s": (r"[0-9]{1,3}", "seconds without sound after which a call counts as lost"),
    "country": (r"(?:[A-Z]{2})?", "two capital letters such as DE"),
}
_DEFAULTS: Mapping[str, str] = {
    "transport": "udp",
    "srtp": "wanted",
    "register": "yes",
    "microphone": "alsa,default",
    "speaker": "alsa,default",
    "listen": "0.0.0.0:0",
    "ca_file": "/etc/ssl/certs/ca-certificates.crt",
    "modules": "/usr/lib/baresip/modules",
    "program": "baresip",
    "dial_limit_s": "10",
    "ring_limit_s": "60",
    "lost_after_s": "30",
}
_SRTP = {"off": "", "wanted": "srtp", "required": "srtp-mand", "dtls": "dtls_srtp"}
_REGISTER_AGAIN_S = 300
_MODULES = ("opus", "g722", "g711", "plc", "srtp", "dtls_srtp")
_APPLICATIONS = ("account", "menu", "ctrl_tcp")


@dataclass(frozen=True, slots=True, kw_only=True)
class SipSettings:
    """Checked settings. Build with `read_settings`."""

    values: Mapping[str, str] = field(repr=False)
    """Every key of _SHAPES; holds the password, hence no repr."""

    @property
    def domain(self) -> str:
        return self.values["account"].partition("@")[2]

    @property
    def registers(self) -> bool:
        return self.values["register"] == "yes"

    def account(self) -> str:
        """The account line; holds the password."""
        get = self.values
        parts = [f"<{get['account']};transport={get['transport']}>"]
        parts += [f'auth_pass="{get["password"]}"'] if get["password"] else []
        parts += [f'auth_user="{get["login"]}"'] if get["login"] else []
        if get["registrar"]:
            parts.append(f'outbound="{get["registrar"]};transport={get["transport"]}"')
        parts += [f"mediaenc={_SRTP[get['srtp']]}"] if _SRTP[get["srtp"]] else []
        parts.append(f"regint={_REGISTER_AGAIN_S if self.registers else 0}")
        return ";".join([*parts, "answermode=manual"])

    def config(self, control_port: int) -> str:
        """The configuration file; holds no secret."""
        get = self.values
        drivers = {get[key].partition(",")[0] for key in ("microphone", "speaker")}
        lines = [
            "poll_method epoll",
            f"sip_listen {get['listen']}",
            "call_local_timeout 120",
            "call_max_calls 2",
            f"audio_source {get['microphone']}",
            f"audio_player {get['speaker']}",
            f"audio_alert {get['speaker']}",
            "audio_path /nonexistent",  # the assistant announces calls itself
            "audio_txmode poll",
            "jitter_buffer_delay 1-5",
            f"rtp_timeout {get['lost_after_s']}",
            f"module_path {get['modules']}",
            *(f"module {name}.so" for name in (*_MODULES, *sorted(drivers))),
            *(f"module_app {name}.so" for name in _APPLICATIONS),
            f"ctrl_tcp_listen 127.0.0.1:{control_port}",
        ]
        lines += [f"net_interface {get['interface']}"] if get["interface"] else []
        if get["ca_file"]:  # 1.0 cannot check a server and skips the second line (issue 1122)
            lines += [f"sip_cafile {get['ca_file']}", "sip_verify_server yes"]
        return "\n".join(lines) + "\n"


def read_settings(settings: Mapping[str, str]) -> SipSettings:
    """Check every setting. Raises: ConfigError naming the first wrong, missing or unknown one."""
    unknown = sorted(set(settings) - set(_SHAPES))
    if unknown:
        raise ConfigError(_WHERE, unknown[0], f"no such setting; known: {', '.join(_SHAPES)}")
    values = {key: settings.get(key, _DEFAULTS.get(key, "")) for key in _SHAPES}
    for key, (shape, expected) in _SHAPES.items():
        if not re.fullmatch(shape, values[key]):
            raise ConfigError(_WHERE, key, f"expected {expected}")
    return SipSettings(values=values)
