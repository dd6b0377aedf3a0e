import { conforms } from './conformance.ts';
import { TCP } from './ways.ts';

conforms(TCP);
