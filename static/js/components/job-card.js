/** A job as a row or card among others. */

import { LiveJob } from "./live-job.js";

export class JobCard extends LiveJob {}
