import { conforms } from './conformance.ts';
import { THREADS } from './ways.ts';

conforms(THREADS);
