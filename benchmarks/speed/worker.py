"""The process of one side: reads tasks from its input, writes a line of JSON for each.

python -m speed.worker SIDE
"""

import base64
import json
import pickle
import sys

from .sides import SIDES
from .tasks import Tasks


def main():
    answers = sys.stdout
    sys.stdout = sys.stderr  # what packages print is not an answer
    tasks = Tasks(SIDES[sys.argv[1]]())
    print("ready", file=answers, flush=True)
    for line in sys.stdin:
        name, work = pickle.loads(base64.b64decode(line))
        print(json.dumps(getattr(tasks, name)(work)), file=answers, flush=True)


if __name__ == "__main__":
    main()
