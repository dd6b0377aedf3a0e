import { conforms } from './conformance.ts';
import { PROCESSES } from './ways.ts';

conforms(PROCESSES);
