"""Load counters: what a service counts of its own work, under the names that instrumentations give it."""

import json

import pytest

from memwhy.sources.go import expvar, prometheus
from memwhy.sources.go.load import counted, family, published


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("http_requests_total", "requests"),
        ("myapp_http_requests_total", "requests"),
        ("http_request_duration_seconds_count", "requests"),
        ("http_server_request_duration_seconds_count", "requests"),
        ("grpc_server_handled_total", "requests"),
        ("kafka_messages_consumed_total", "messages"),
        ("jobs_processed_total", "jobs"),
        ("promhttp_metric_handler_requests_total", None),
        ("http_client_requests_total", None),
        ("http_requests_in_flight", None),
        ("http_requests_failed_total", None),
        ("go_gc_duration_seconds_count", None),
        ("go_memstats_mallocs_total", None),
        ("prometheus_http_requests_total", None),
        ("http_outbound_requests_total", None),
        ("db_calls_total", None),
        ("cgo_calls_total", None),
        ("process_cpu_seconds_total", None),
    ],
)
def test_only_counters_of_its_own_work_are_load(name: str, kind: str | None):
    assert family(name) == kind


def test_samples_of_one_counter_are_summed_and_a_servers_own_goes_first():
    samples = [
        ("app_requests_total", 9.0),
        ("http_requests_total", 10.0),
        ("http_requests_total", 5.0),
        ("jobs_done_total", 2.0),
    ]
    assert counted(samples) == (
        {"work.requests_count": 15, "work.jobs_count": 2},
        {"work.requests": "http_requests_total", "work.jobs": "jobs_done_total"},
    )


def test_metrics_text_tells_memory_and_load_together():
    text = b"""# TYPE http_requests_total counter
http_requests_total{code="200",handler="/"} 1000
http_requests_total{code="500",handler="/"} 24
promhttp_metric_handler_requests_total{code="200"} 7
go_memstats_sys_bytes 1.2345e+07
process_resident_memory_bytes 5e+07
"""
    reading = prometheus.parse(text)
    assert reading.metrics == {
        "go.sys_bytes": 12345000,
        "process.rss_bytes": 50000000,
        "work.requests_count": 1024,
    }
    assert (reading.facts, reading.notes) == ({"work.requests": "http_requests_total"}, ())


def test_of_several_targets_the_load_is_that_of_the_one_whose_memory_is_taken():
    text = b"""http_requests_total{code="200",instance="a:1",job="shop"} 5
http_requests_total{code="200",instance="b:1",job="shop"} 1000
process_resident_memory_bytes{instance="b:1",job="shop"} 5e+07
process_resident_memory_bytes{instance="a:1",job="shop"} 6e+07
http_requests_total{code="500",instance="b:1",job="shop"} 24
"""
    reading = prometheus.parse(text)
    assert reading.metrics == {"process.rss_bytes": 50000000, "work.requests_count": 1024}
    assert (reading.subject, reading.notes) == (
        "b:1",
        ("2 samples with other labels (other targets) were left out; the first target is taken",),
    )


def test_a_label_job_of_a_services_own_page_is_no_other_target():
    text = b'jobs_done_total{job="nightly"} 3\njobs_done_total{job="hourly"} 4\nprocess_resident_memory_bytes 5e+07\n'
    assert prometheus.parse(text).metrics == {"process.rss_bytes": 50000000, "work.jobs_count": 7}


def test_expvar_tells_load_by_the_names_of_its_variables():
    variables = {
        "httpRequests": 12,
        "requestsByCode": {"200": 10, "500": 2},
        "requests_per_second": 4,
        "jobsDone": {"a": 1, "b": 2},
    }
    assert published(variables) == (
        {"work.requests_count": 12, "work.jobs_count": 3},
        {"work.requests": "httpRequests", "work.jobs": "jobsDone"},
    )
    document = json.dumps({**variables, "cmdline": ["x"], "memstats": {"Sys": 5, "HeapInuse": 1, "HeapReleased": 0}})
    assert expvar.parse(document.encode()).metrics["work.requests_count"] == 12


@pytest.mark.parametrize("value", [True, 1.5, -1, "7", None, [], {}, {"a": {"b": 1}}, 1 << 70])
def test_a_variable_that_is_no_count_is_none(value: object):
    assert published({"requests": value}) == ({}, {})


@pytest.mark.parametrize(
    ("name", "metric"),
    [
        ("requests", "work.requests_count"),
        ("hello-requests", None),
        ("requestsTotal", "work.requests_count"),
        ("total_requests", "work.requests_count"),
        ("request_count", "work.requests_count"),
        ("requestsByCode", "work.requests_count"),
        ("queriesServed", "work.requests_count"),
        ("messages.consumed", "work.messages_count"),
        ("jobs_done", "work.jobs_count"),
        ("tasksProcessed", "work.jobs_count"),
        ("jobs", None),
        ("jobs_running", None),
        ("inflight_requests", None),
        ("requestsInFlight", None),
        ("max_requests", None),
        ("queue_messages", None),
        ("MessagesInQueue", None),
        ("request_timeout", None),
        ("requests_per_sec", None),
        ("RequestsPerMinute", None),
        ("tasks_limit", None),
        ("current_events", None),
        ("jobs_running_total", None),
        ("messages_processed_per_second", None),
    ],
)
def test_a_variable_is_load_only_where_its_name_says_that_it_counts(name: str, metric: str | None):
    assert published({name: 7})[0] == ({} if metric is None else {metric: 7})


def test_a_name_is_cut_and_a_sum_beyond_every_count_is_none():
    name = "requests_total_" + "x" * 1000
    assert published({name: 3}) == ({"work.requests_count": 3}, {"work.requests": name[:200]})
    assert published({"requests": {str(code): (1 << 62) - 1 for code in range(8)}}) == ({}, {})
    assert counted([("http_requests_total", 2.0**61)] * 8) == ({}, {})
