"""The plan of a study file as it is now, without opening its data sets."""

from cnn_ablate.plan import plan
from cnn_ablate.schema import Plan, Record, Study
from cnn_ablate.settings import identifier, identity, images_key, resolve, resolver


def plan_edited_study(study: Study, record: Record) -> Plan:
    """Return the plan of a study whose data sets are those of its last run.

    A data set that the last run did not use has no fingerprint, and its trials no known id.

    Raises:
        UserError: levels cannot be combined.
    """
    if study.trainer:
        same = study.trainer == record.study.trainer
        fingerprint = record.plan.trials[0].fingerprint if same else ""
        complete, identify = resolver(study.trainer), identifier(study.trainer)
        return plan(study, complete, lambda _: fingerprint, identify)
    known = {images_key(t.settings["data"]): t.fingerprint for t in record.plan.trials}
    return plan(study, resolve, lambda section: known.get(images_key(section), ""), identity)
