"""Application sign-in, refused and granted. Covers F-79, F-80, F-82, F-85, S-44, S-46."""

import hashlib
import ssl
from typing import Any
from urllib.parse import parse_qs

import jwt
import pytest
import requests
import responses
from responses import matchers

from tenants.errors import (
    BadAnswer,
    CredentialUnusable,
    ForeignLink,
    IntegrationError,
    Misconfigured,
    NetworkFailure,
    TokenRefused,
)
from tenants.microsoft.clouds import cloud
from tenants.microsoft.identity import AppToken, CertificateCredential, SecretCredential, acquire_app_token
from tenants.microsoft.login import LoginWire

from . import answers
from .answers import CLIENT_ID, DIRECTORY, METADATA_URL, TOKEN_URL
from .tls_server import make_certificate

SECRET = "Zx8Q~canary-secret-value-that-must-not-show"


def acquire(**changes: Any) -> AppToken:
    values: dict[str, Any] = {
        "cloud": cloud("global"),
        "directory_id": DIRECTORY,
        "client_id": CLIENT_ID,
        "credential": SecretCredential(SECRET),
    }
    return acquire_app_token(**{**values, **changes})


def refusal(**changes: Any) -> IntegrationError:
    with pytest.raises(IntegrationError) as caught:
        acquire(**changes)
    return caught.value


@pytest.fixture
def entra(wire: responses.RequestsMock) -> responses.RequestsMock:
    wire.get(METADATA_URL, json=answers.metadata())
    return wire


def test_right_secret_brings_a_token_with_its_end_and_roles(entra: responses.RequestsMock) -> None:
    entra.post(TOKEN_URL, json=answers.token())
    token = acquire()
    assert token.value.startswith("ey")
    assert token.roles == ("Mail.ReadWrite", "Mail.Send")
    assert token.expires_at.utcoffset() is not None


def test_token_is_asked_for_the_default_scope_of_graph(entra: responses.RequestsMock) -> None:
    entra.post(TOKEN_URL, json=answers.token())
    acquire()
    body = entra.calls[-1].request.body
    assert parse_qs(str(body, "ascii"))["scope"] == ["https://graph.microsoft.com/.default"]


def test_mail_protocols_ask_for_the_exchange_resource(entra: responses.RequestsMock) -> None:
    entra.post(TOKEN_URL, json=answers.token())
    acquire(resource="exchange")
    body = entra.calls[-1].request.body
    assert parse_qs(str(body, "ascii"))["scope"] == ["https://outlook.office365.com/.default"]


def test_certificate_signs_an_assertion_that_names_it_by_sha256(entra: responses.RequestsMock) -> None:
    key, certificate = make_certificate()
    entra.post(TOKEN_URL, json=answers.token())
    acquire(credential=CertificateCredential(key, certificate))
    form = parse_qs(str(entra.calls[-1].request.body, "ascii"))
    header = jwt.get_unverified_header(form["client_assertion"][0])
    assert (header["alg"], "x5t#S256" in header, "client_secret" in form) == ("PS256", True, False)


@pytest.mark.parametrize(
    ("status", "number", "who", "said"),
    [
        (401, 7000215, "tenant_admin", "client secret is wrong"),
        (401, 7000222, "customer_admin", "client secret has expired"),
        (400, 700016, "tenant_admin", "no application with this id"),
        (400, 7000112, "customer_admin", "switched off"),
        (400, 65001, "customer_admin", "consent was withdrawn"),
        (401, 700027, "customer_admin", "did not accept the certificate"),
    ],
)
def test_refusal_says_its_cause_and_stays_permanent(
    entra: responses.RequestsMock, status: int, number: int, who: str, said: str
) -> None:
    entra.post(TOKEN_URL, status=status, json=answers.refused(number))
    error = refusal()
    assert (type(error), error.code, error.permanent) == (TokenRefused, f"AADSTS{number}", True)
    assert (error.diagnosis.who.value, said in str(error)) == (who, True)


def test_unknown_directory_is_named_from_the_metadata_request(wire: responses.RequestsMock) -> None:
    wire.get(METADATA_URL, status=400, json=answers.refused(90002, error="invalid_tenant"))
    error = refusal()
    assert (error.code, error.permanent) == ("AADSTS90002", True)
    assert "no directory with this id" in str(error)


def test_refusal_carries_what_microsofts_support_asks_for(entra: responses.RequestsMock) -> None:
    entra.post(TOKEN_URL, status=401, json=answers.refused(7000215))
    assert dict(refusal().diagnosis.correlation) == {
        "trace_id": answers.TRACE_ID,
        "correlation_id": answers.CORRELATION_ID,
        "timestamp": answers.TIMESTAMP,
    }


def test_replaced_secret_works_at_once_after_a_refusal(entra: responses.RequestsMock) -> None:
    """F-79: MSAL's own cache would repeat the refusal for a minute."""
    entra.post(TOKEN_URL, status=400, json=answers.refused(7000222))
    assert refusal().code == "AADSTS7000222"
    entra.replace(responses.POST, TOKEN_URL, json=answers.token())
    assert acquire().roles


@pytest.mark.parametrize("directory_id", ["", "common/../x", "not a tenant", "x" * 300, "a\nb.example"])
def test_malformed_directory_id_is_refused_before_anything_is_sent(
    wire: responses.RequestsMock, directory_id: str
) -> None:
    error = refusal(directory_id=directory_id)
    assert (type(error), error.code, len(wire.calls)) == (Misconfigured, "directory_malformed", 0)


def test_missing_secret_is_said_before_anything_is_sent(wire: responses.RequestsMock) -> None:
    error = refusal(credential=SecretCredential(""))
    assert (type(error), error.code, len(wire.calls)) == (CredentialUnusable, "secret_missing", 0)


def test_key_of_another_certificate_is_said_before_anything_is_sent(wire: responses.RequestsMock) -> None:
    key, _ = make_certificate()
    _, certificate = make_certificate()
    error = refusal(credential=CertificateCredential(key, certificate))
    assert (error.code, len(wire.calls)) == ("private_key_foreign", 0)


@pytest.mark.parametrize(
    "pem", ["", "nonsense", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----"]
)
def test_unreadable_key_is_said_without_quoting_it(pem: str) -> None:
    _, certificate = make_certificate()
    assert refusal(credential=CertificateCredential(pem, certificate)).code == "private_key_unreadable"


@pytest.mark.parametrize(
    "pem", ["", "%PDF-1.7", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----"]
)
def test_file_that_is_no_certificate_is_said_without_quoting_it(pem: str) -> None:
    key, _ = make_certificate()
    assert refusal(credential=CertificateCredential(key, pem)).code == "certificate_unreadable"


def test_refused_certificate_is_named_by_the_thumbprint_entra_lists(entra: responses.RequestsMock) -> None:
    entra.post(TOKEN_URL, status=401, json=answers.refused(700027))
    key, certificate = make_certificate()
    error = refusal(credential=CertificateCredential(key, certificate))
    der = ssl.PEM_cert_to_DER_cert(certificate)
    assert dict(error.diagnosis.correlation)["thumbprint"] == hashlib.sha1(der).hexdigest().upper()


def test_refused_certificate_that_has_expired_is_called_expired(entra: responses.RequestsMock) -> None:
    """F-80."""
    entra.post(TOKEN_URL, status=401, json=answers.refused(700027))
    error = refusal(credential=CertificateCredential(*make_certificate(days=-1)))
    assert error.code == "certificate_expired"


def test_wrong_clock_is_named_when_a_signed_request_is_out_of_time(entra: responses.RequestsMock) -> None:
    date = {"Date": "Sat, 21 Nov 2020 10:00:00 GMT"}
    entra.post(TOKEN_URL, status=401, json=answers.refused(700024), headers=date)
    error = refusal(credential=CertificateCredential(*make_certificate()))
    assert error.code == "clock_skew"
    assert "minutes ahead" in str(error)


def test_wrong_secret_stays_the_cause_when_the_clock_is_wrong_too(entra: responses.RequestsMock) -> None:
    date = {"Date": "Sat, 21 Nov 2020 10:00:00 GMT"}
    entra.post(TOKEN_URL, status=401, json=answers.refused(7000215), headers=date)
    assert refusal().code == "AADSTS7000215"


@pytest.mark.parametrize(("status", "code"), [(429, "login_throttled"), (503, "login_unavailable")])
def test_outage_of_entra_passes_and_says_when_to_come_back(
    entra: responses.RequestsMock, status: int, code: str
) -> None:
    """F-82."""
    entra.post(TOKEN_URL, status=status, body="<html>", headers={"Retry-After": "17"})
    error = refusal()
    assert (error.code, error.permanent) == (code, False)
    assert error.retry_after is not None
    assert error.retry_after.total_seconds() == 17


def test_passing_fault_of_entra_is_not_permanent(entra: responses.RequestsMock) -> None:
    entra.post(TOKEN_URL, status=400, json=answers.refused(90033, error="temporarily_unavailable"))
    assert refusal().permanent is False


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        ({"body": "<html>Please log in</html>", "content_type": "text/html"}, "not_json"),
        ({"body": "", "content_type": "application/json"}, "answer_empty"),
        ({"body": '{"access_token": "ey', "content_type": "application/json"}, "answer_cut"),
        ({"body": "[]", "content_type": "application/json"}, "answer_malformed"),
        ({"json": {"token_type": "Bearer"}}, "token_refused"),
        ({"json": {"access_token": "a\r\nX: b", "expires_in": 3599}}, "answer_malformed"),
        ({"status": 302, "headers": {"Location": "https://evil.example/"}}, "redirect_refused"),
    ],
)
def test_answer_that_is_not_entras_is_named(
    entra: responses.RequestsMock, answer: dict[str, Any], code: str
) -> None:
    entra.post(TOKEN_URL, **answer)
    assert refusal().code == code


def test_redirected_token_request_is_not_followed(entra: responses.RequestsMock) -> None:
    elsewhere = entra.post("https://evil.example/token", json=answers.token())
    entra.post(TOKEN_URL, status=307, headers={"Location": "https://evil.example/token"})
    assert isinstance(refusal(), BadAnswer)
    assert elsewhere.call_count == 0


@pytest.mark.parametrize(
    ("raised", "code"),
    [
        (requests.ConnectionError("Connection aborted."), "network_reset"),
        (requests.ReadTimeout("Read timed out."), "network_timeout"),
        (requests.exceptions.SSLError("bad certificate"), "network_tls"),
        (requests.exceptions.ProxyError("407"), "network_proxy"),
    ],
)
def test_network_failure_on_the_way_to_entra_is_named(
    wire: responses.RequestsMock, raised: Exception, code: str
) -> None:
    wire.get(METADATA_URL, body=raised)
    error = refusal()
    assert (type(error), error.code, error.permanent) == (NetworkFailure, code, False)


def test_metadata_is_asked_once_a_day_and_not_for_each_token(entra: responses.RequestsMock) -> None:
    entra.post(TOKEN_URL, json=answers.token())
    acquire()
    acquire()
    assert entra.assert_call_count(METADATA_URL, 1)


def test_fresh_sign_in_reads_the_metadata_anew(entra: responses.RequestsMock) -> None:
    entra.post(TOKEN_URL, json=answers.token())
    acquire()
    acquire(fresh=True)
    assert entra.assert_call_count(METADATA_URL, 2)


def test_known_metadata_serves_while_entra_cannot_be_asked(entra: responses.RequestsMock) -> None:
    """F-85."""
    entra.post(TOKEN_URL, json=answers.token())
    acquire()
    entra.replace(responses.GET, METADATA_URL, status=503)
    assert acquire(fresh=True).roles


def test_two_directories_never_share_metadata(entra: responses.RequestsMock) -> None:
    """F-85."""
    other = answers.OTHER_DIRECTORY
    entra.get(METADATA_URL.replace(DIRECTORY, other), json=answers.metadata(other))
    entra.post(TOKEN_URL, json=answers.token())
    entra.post(TOKEN_URL.replace(DIRECTORY, other), json=answers.token(answers.access_token(tid=other)))
    acquire()
    acquire(directory_id=other)
    assert entra.calls[-1].request.url == TOKEN_URL.replace(DIRECTORY, other)


def test_token_of_another_directory_is_refused(entra: responses.RequestsMock) -> None:
    """S-44."""
    entra.post(TOKEN_URL, json=answers.token(answers.access_token(tid=answers.OTHER_DIRECTORY)))
    assert refusal().code == "directory_mismatch"


def test_metadata_of_another_directory_is_refused(wire: responses.RequestsMock) -> None:
    """S-46."""
    wire.get(METADATA_URL, json=answers.metadata(answers.OTHER_DIRECTORY))
    assert refusal().code == "directory_mismatch"


def test_secret_is_not_sent_to_a_token_endpoint_elsewhere(wire: responses.RequestsMock) -> None:
    """S-46."""
    wire.get(METADATA_URL, json={**answers.metadata(), "token_endpoint": "https://evil.example/token"})
    assert isinstance(refusal(), ForeignLink)
    assert len(wire.calls) == 1
    wire.replace(responses.GET, METADATA_URL, json=answers.metadata())
    wire.post(TOKEN_URL, json=answers.token())
    assert acquire().roles


def test_nothing_is_posted_to_another_host_than_the_login_host(wire: responses.RequestsMock) -> None:
    """S-46."""
    with pytest.raises(ForeignLink):
        LoginWire(cloud=cloud("global"), directory_id=DIRECTORY).post("https://evil.example/token", data={})
    assert len(wire.calls) == 0


def test_secret_travels_in_the_body_and_nowhere_else(entra: responses.RequestsMock) -> None:
    entra.post(TOKEN_URL, json=answers.token(), match=[matchers.query_param_matcher({})])
    acquire()
    sent = entra.calls[-1].request
    assert SECRET not in str(sent.headers)
    assert SECRET not in str(sent.url)
